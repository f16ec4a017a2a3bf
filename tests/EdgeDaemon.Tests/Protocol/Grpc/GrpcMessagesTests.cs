using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;
using EdgeDaemon.Core.Tensors;
using static EdgeDaemon.Tests.Protocol.Grpc.Proto;

namespace EdgeDaemon.Tests.Protocol.Grpc;

[TestClass]
public sealed class GrpcMessagesTests
{
    private static readonly ModelDescription Model = new(
        "m", "7", [new(new TensorContract("x", ElementType.UInt8, [-1, 8]), Format: "FORMAT_NCHW")], [new(new TensorContract("y", ElementType.BFloat16, [-1]), LabelFilename: "l")])
    {
        Parameters = [KeyValuePair.Create("labels", "a\nb")],
    };

    [TestMethod]
    public void Metadata_is_the_bytes_that_protobuf_has_for_it() => Same(
        writer => GrpcMessages.ModelMetadata(writer, Model),
        Text(1, "m"), Text(2, "7"), Text(3, "onnxruntime_onnx"),
        Field(4, Text(1, "x"), Text(2, "UINT8"), Packed(3, ulong.MaxValue, 8)),
        Field(5, Text(1, "y"), Text(2, "BF16"), Packed(3, ulong.MaxValue)));

    [TestMethod]
    public void Configuration_is_the_bytes_that_protobuf_has_for_it() => Same(
        writer => GrpcMessages.ModelConfig(writer, Model),
        Field(
            1,
            Text(1, "m"), Text(2, "onnxruntime_onnx"),
            Field(5, Text(1, "x"), Number(2, 2), Number(3, 2), Packed(4, ulong.MaxValue, 8)),
            Field(6, Text(1, "y"), Number(2, 14), Packed(3, ulong.MaxValue), Text(4, "l")),
            Field(14, Text(1, "labels"), Field(2, Text(1, "a\nb"))),
            Text(17, "onnxruntime")));

    [TestMethod]
    public void Configuration_says_how_it_runs_in_Tritons_words() => Same(
        writer => GrpcMessages.ModelConfig(writer, new ModelDescription("m", "1", [], []) { Instances = 2, GraphLevel = -1, Batching = new DynamicBatching([4, 8], 500) }),
        Field(
            1,
            Text(1, "m"), Text(2, "onnxruntime_onnx"),
            Field(7, Text(1, "m"), Number(2, 2), Number(4, 2)),
            Field(11, Packed(1, 4, 8), Number(2, 500)),
            Field(12, Field(1, Number(1, ulong.MaxValue))),
            Text(17, "onnxruntime")));

    [TestMethod]
    public void Statistics_are_the_bytes_that_protobuf_has_for_them() => Same(
        writer => GrpcMessages.ModelStatistics(writer, [new ModelStatistics("m", "7") { InferenceCount = 300, ExecutionCount = 4, LastInference = 9, Success = new(300, 1_000_000) }]),
        Field(
            1,
            Text(1, "m"), Text(2, "7"), Number(3, 9), Number(4, 300), Number(5, 4),
            Field(6, Field(1, Number(1, 300), Number(2, 1_000_000)), Field(2), Field(3), Field(4), Field(5), Field(6), Field(7), Field(8))));

    [TestMethod]
    public void Defaults_are_left_out()
    {
        Same(writer => GrpcMessages.Flag(writer, false));
        Same(writer => GrpcMessages.Flag(writer, true), Number(1, 1));
        Same(writer => GrpcMessages.ServerMetadata(writer, "edged", "", ["a", ""]), Text(1, "edged"), Text(3, "a"), Text(3, ""));
        Same(writer => GrpcMessages.RepositoryIndex(writer, [new("m", "1", "READY", "")]), Field(1, Text(1, "m"), Text(2, "1"), Text(3, "READY")));
    }

    [TestMethod]
    public void An_answers_head_and_its_raw_outputs_have_the_size_that_was_counted()
    {
        int[] lengths = [0, 1, 127, 128, 16383, 16384, 3_000_000];
        foreach (int length in lengths)
        {
            var prefix = new ProtobufWriter();
            ModelInferResponse.RawPrefix(prefix, length);
            CollectionAssert.AreEqual(Join(Tag(6, 2), Varint((ulong)length)), prefix.Written.ToArray());
            Assert.AreEqual(ModelInferResponse.RawSize(length), prefix.Written.Length + (long)length);
            prefix.Reset();
            ModelInferResponse.StreamPrefix(prefix, length);
            Assert.AreEqual(ModelInferResponse.StreamPrefixSize(length), prefix.Written.Length);
        }

        Same(
            writer =>
            {
                ModelInferResponse.Begin(writer, new ModelHead("m", "7"), "id"u8);
                ModelInferResponse.Output(writer, new OutputHead("y", ElementType.Float32), Refuse.Shape(2, 5));
            },
            Text(1, "m"), Text(2, "7"), Text(3, "id"), Field(5, Text(1, "y"), Text(2, "FP32"), Packed(3, 2, 5)));
        Same(
            writer => ModelInferResponse.Parameters(
                writer, [ResponseParameter.Of("t", "x"), ResponseParameter.Of("i", 5L), ResponseParameter.Of("b", false), ResponseParameter.Of("d", 0.5), ResponseParameter.Of("u", ulong.MaxValue)]),
            Field(4, Text(1, "t"), Field(2, Text(3, "x"))), Field(4, Text(1, "i"), Field(2, Number(2, 5))), Field(4, Text(1, "b"), Field(2, Number(1, 0))),
            Field(4, Text(1, "d"), Field(2, Tag(4, 1), BitConverter.GetBytes(0.5))), Field(4, Text(1, "u"), Field(2, Number(5, ulong.MaxValue))));
        Same(writer => ModelInferResponse.Parameters(writer, []));
        Same(writer => ModelInferResponse.StreamError(writer, "no", "id"u8), Text(1, "no"), Field(2, Text(3, "id")));
    }

    [TestMethod]
    public void A_nested_message_of_any_length_has_the_shortest_length_before_it()
    {
        int[] lengths = [0, 1, 120, 127, 128, 16383, 16384, 100_000];
        foreach (int length in lengths)
        {
            var writer = new ProtobufWriter();
            int outer = writer.Begin(1);
            writer.Bytes(2, new byte[length]);
            writer.End(outer);
            CollectionAssert.AreEqual(Field(1, length == 0 ? [] : Field(2, new byte[length])), writer.Written.ToArray(), $"{length}");
        }
    }

    private static void Same(Action<ProtobufWriter> write, params byte[][] fields)
    {
        var writer = new ProtobufWriter();
        write(writer);
        Assert.AreEqual(Convert.ToHexStringLower(Join(fields)), Convert.ToHexStringLower(writer.Written));
    }
}
