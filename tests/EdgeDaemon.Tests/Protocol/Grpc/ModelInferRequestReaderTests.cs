using System.Text;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;
using EdgeDaemon.Core.Tensors;
using static EdgeDaemon.Tests.Protocol.Grpc.Proto;

namespace EdgeDaemon.Tests.Protocol.Grpc;

[TestClass]
public sealed class ModelInferRequestReaderTests
{
    private static readonly byte[] Model = Text(1, "m");

    [TestMethod]
    public void Raw_contents_are_the_inputs_in_order()
    {
        (InferRequest request, byte[][] tensors) = Read(
            Model, Text(2, "7"), Text(3, "id"), Input("a", "UINT8", [2, 2]), Input("b", "FP16", [1]), Raw(1, 2, 3, 4), Raw(5, 6));
        Assert.AreEqual("m", Encoding.UTF8.GetString(request.ModelName));
        Assert.AreEqual("7", Encoding.UTF8.GetString(request.ModelVersion));
        Assert.IsTrue(request.HasId);
        Assert.AreEqual("id", request.IdText());
        Assert.AreEqual("a,b", string.Join(',', request.Inputs.ToArray().Select(input => input.NameText())));
        Assert.AreEqual("[2,2]", request.Inputs[0].Shape.ToString());
        Assert.AreEqual(ElementType.Float16, request.Inputs[1].Type);
        CollectionAssert.AreEqual((byte[])[1, 2, 3, 4], tensors[0]);
        CollectionAssert.AreEqual((byte[])[5, 6], tensors[1]);
    }

    [TestMethod]
    public void Fields_in_any_order_give_the_same_request()
    {
        byte[][] fields = [Model, Input("a", "UINT8", [1]), Input("b", "UINT8", [1]), Raw(1), Raw(2), Field(6, Text(1, "y"))];
        int[][] orders = [[0, 1, 2, 3, 4, 5], [3, 4, 1, 2, 0, 5], [5, 3, 1, 4, 2, 0], [1, 3, 0, 4, 5, 2]];
        foreach (int[] order in orders)
        {
            (InferRequest request, byte[][] tensors) = Read([.. order.Select(i => fields[i])]);
            Assert.AreEqual("y", request.Outputs[0].NameText());
            Assert.AreEqual("a:1 b:2", $"{request.Inputs[0].NameText()}:{tensors[0][0]} {request.Inputs[1].NameText()}:{tensors[1][0]}");
        }
    }

    [TestMethod]
    public void A_message_is_the_same_in_whatever_pieces_it_arrives()
    {
        byte[] message = Join(
            Model, Text(3, "id"), Number(99, ulong.MaxValue), Input("a", "INT16", [3], Contents(Packed(2, 1, ulong.MaxValue, 300))), Input("b", "BYTES", [2], Contents(Text(8, "xy"), Text(8, ""))));
        byte[][] whole = Read([message]).Tensors;
        for (int piece = 1; piece <= message.Length; piece++)
        {
            byte[][] tensors = Read([message], piece).Tensors;
            CollectionAssert.AreEqual(whole[0], tensors[0], $"pieces of {piece}");
            CollectionAssert.AreEqual(whole[1], tensors[1], $"pieces of {piece}");
        }
    }

    [TestMethod]
    [DataRow("BOOL", 1, new ulong[] { 1, 0 }, "0100")]
    [DataRow("INT8", 2, new ulong[] { 127, unchecked((ulong)-128) }, "7f80")]
    [DataRow("INT16", 2, new ulong[] { 32767, unchecked((ulong)-32768) }, "ff7f0080")]
    [DataRow("INT32", 2, new ulong[] { 1, unchecked((ulong)-1) }, "01000000ffffffff")]
    [DataRow("INT64", 3, new ulong[] { 1, unchecked((ulong)-1) }, "0100000000000000ffffffffffffffff")]
    [DataRow("UINT8", 4, new ulong[] { 0, 255 }, "00ff")]
    [DataRow("UINT16", 4, new ulong[] { 1, 65535 }, "0100ffff")]
    [DataRow("UINT32", 4, new ulong[] { 1, 4294967295 }, "01000000ffffffff")]
    [DataRow("UINT64", 5, new ulong[] { 1, ulong.MaxValue }, "0100000000000000ffffffffffffffff")]
    public void Typed_integers_packed_and_unpacked(string type, int field, ulong[] values, string hex)
    {
        byte[][] forms = [Packed(field, values), Join(Number(field, values[0]), Number(field, values[1])), Join(Number(field, values[0]), Packed(field), Packed(field, values[1]))];
        foreach (byte[] form in forms)
        {
            Assert.AreEqual(hex, Convert.ToHexStringLower(Read(Model, Input("x", type, [2], Contents(form))).Tensors[0]));
        }
    }

    [TestMethod]
    public void Typed_floats_packed_and_unpacked()
    {
        byte[] one = BitConverter.GetBytes(1f);
        byte[] two = BitConverter.GetBytes(2.5);
        CollectionAssert.AreEqual(Join(one, one, one), Read(Model, Input("x", "FP32", [3], Contents(Join(Tag(6, 5), one), Field(6, one, one)))).Tensors[0]);
        CollectionAssert.AreEqual(Join(two, two), Read(Model, Input("x", "FP64", [2], Contents(Field(7, two), Join(Tag(7, 1), two)))).Tensors[0]);
    }

    [TestMethod]
    public void Contents_before_their_datatype_and_in_two_parts_are_one_tensor()
    {
        byte[] input = Field(5, Contents(Packed(4, 1, 2)), Text(2, "UINT8"), Field(3, Varint(3)), Contents(Packed(4, 3)), Text(1, "x"));
        CollectionAssert.AreEqual((byte[])[1, 2, 3], Read(Model, input).Tensors[0]);
    }

    [TestMethod]
    public void The_last_of_a_singular_field_wins()
    {
        byte[] input = Field(5, Text(1, "old"), Text(2, "nonsense"), Text(2, "UINT8"), Field(3, Varint(1)), Text(1, "x"));
        InferRequest request = Read(Text(1, "old"), Text(3, "a"), input, Text(3, "b"), Model, Raw(1)).Request;
        Assert.AreEqual("m b x", $"{Encoding.UTF8.GetString(request.ModelName)} {request.IdText()} {request.Inputs[0].NameText()}");
    }

    [TestMethod]
    public void Parameters_of_every_kind_are_kept_and_the_last_of_a_key_wins()
    {
        InferRequest request = Read(
            Model, Parameter("b", Number(1, 1)), Parameter("i", Number(2, unchecked((ulong)-5))), Parameter("s", Text(3, "é")), Parameter("d", Join(Tag(4, 1), BitConverter.GetBytes(1.5))),
            Parameter("u", Number(5, ulong.MaxValue)), Parameter("i", Join(Number(1, 1), Number(2, 6))), Parameter("gone", Number(1, 1)), Parameter("gone"), Parameter("", Number(1, 1)),
            Parameter("binary_data_output", Number(1, 1))).Request;
        Assert.AreEqual(5, request.Parameters.Length);
        Assert.IsTrue(request.TryGetParameter("b"u8, out InferParameter parameter) && parameter.Boolean);
        Assert.IsTrue(request.TryGetParameter("i"u8, out parameter) && parameter.Kind == InferParameterKind.Integer && parameter.Integer == 6);
        Assert.IsTrue(request.TryGetParameter("s"u8, out parameter) && Encoding.UTF8.GetString(request.ParameterText(parameter)) == "é");
        Assert.IsTrue(request.TryGetParameter("d"u8, out parameter) && parameter.Real == 1.5);
        Assert.IsTrue(request.TryGetParameter("u"u8, out parameter) && parameter.UnsignedInteger == ulong.MaxValue);
        Assert.IsFalse(request.TryGetParameter("gone"u8, out _));
    }

    [TestMethod]
    public void Unknown_fields_of_every_wire_type_are_skipped_on_every_level()
    {
        byte[] unknown = Join(Number(100, 7), Field(101, new byte[300]), Join(Tag(102, 5), new byte[4]), Join(Tag(103, 1), new byte[8]), Number(1, 5));
        (InferRequest request, byte[][] tensors) = Read(Model, unknown, Field(5, unknown, Text(1, "x"), Text(2, "INT8"), Field(3, Varint(1)), Contents(Number(100, 7), Packed(2, 9))));
        Assert.AreEqual("x", request.Inputs[0].NameText());
        CollectionAssert.AreEqual((byte[])[9], tensors[0]);
    }

    [TestMethod]
    public void Unknown_fields_beyond_the_bound_are_refused()
    {
        byte[] flood = [.. Enumerable.Repeat(Number(100, 1), ModelInferRequestReader.MostFields).SelectMany(field => field)];
        Refused(Refusal.HeadTooManyFields, Model, flood);
        Read(Model, flood.AsSpan(0, flood.Length - 3).ToArray());
    }

    [TestMethod]
    public void Groups_are_refused() => Refused(Refusal.HeadMalformedProtobuf, Model, Tag(9, 3), Tag(9, 4));

    [TestMethod]
    [DataRow("ffffffffffffffffffff01")]
    [DataRow("ffffffffffffffffff02")]
    [DataRow("80808080808080808080808000")]
    public void Overlong_varints_are_refused(string hex)
    {
        byte[] varint = Convert.FromHexString(hex);
        Refused(Refusal.HeadMalformedProtobuf, Model, Tag(9, 0), varint);
        Refused(Refusal.HeadMalformedProtobuf, varint);
        Refused(Refusal.HeadMalformedProtobuf, Model, Tag(5, 2), varint);
        Refused(Refusal.HeadMalformedProtobuf, Model, Input("x", "INT64", [1], Contents(Field(3, varint))));
    }

    [TestMethod]
    public void Padded_varints_of_ten_bytes_are_read() =>
        Assert.AreEqual(1, Read(Model, Input("x", "UINT8", [1]), Join(Tag(7, 2), Convert.FromHexString("81808080808080808000")), [5]).Tensors.Length);

    [TestMethod]
    [DataRow(0UL)]
    [DataRow(6UL)]
    [DataRow(7UL)]
    [DataRow(0x1_0000_0000UL << 3)]
    public void Impossible_tags_are_refused(ulong tag) => Refused(Refusal.HeadMalformedProtobuf, Varint(tag), [0]);

    [TestMethod]
    [DataRow(10UL)]
    [DataRow(0x7fff_ffffUL)]
    [DataRow(0xffff_ffffUL)]
    [DataRow(long.MaxValue + 0UL)]
    [DataRow(ulong.MaxValue)]
    public void Lengths_beyond_their_message_are_refused_before_memory_is_taken(ulong length)
    {
        int[] fields = [1, 3, 4, 5, 6, 7, 99];
        foreach (int field in fields)
        {
            Refused(Refusal.HeadMalformedProtobuf, Model, Tag(field, 2), Varint(length), [1]);
        }

        Refused(Refusal.HeadMalformedProtobuf, Model, Field(5, Text(1, "x"), Join(Tag(5, 2), Varint(length))), new byte[20]);
        Refused(Refusal.HeadMalformedProtobuf, Model, Input("x", "FP32", [1], Contents(Tag(6, 2), Varint(length))), new byte[20]);
    }

    [TestMethod]
    public void A_message_cut_anywhere_is_refused_or_another_message()
    {
        byte[] message = Join(Model, Input("x", "INT32", [2], Contents(Packed(2, 1, 2))));
        for (int length = Model.Length + 1; length < message.Length; length++)
        {
            Refused(Refusal.HeadMalformedProtobuf, message[..length]);
        }
    }

    [TestMethod]
    public void Text_that_is_not_utf8_is_refused()
    {
        Refused(Refusal.HeadMalformedProtobuf, Field(1, [0xff]));
        Refused(Refusal.HeadMalformedProtobuf, Model, Field(4, Field(1, [0xc3, 0x28])));
    }

    [TestMethod]
    public void Raw_and_typed_contents_do_not_mix()
    {
        Refused(Refusal.InputDataConflict, Model, Input("x", "UINT8", [1], Contents(Packed(4, 1))), Raw(1));
        Refused(Refusal.InputDataConflict, Model, Raw(1), Input("x", "UINT8", [1], Contents()));
    }

    [TestMethod]
    public void Raw_contents_are_as_many_as_the_inputs()
    {
        Refused(Refusal.InputDataMissing, Model, Input("x", "UINT8", [1]), Input("y", "UINT8", [1]), Raw(1));
        Refused(Refusal.BodyTrailingBytes, Model, Input("x", "UINT8", [1]), Raw(1), Raw(1));
        Refused(Refusal.InputDataMissing, Model, Input("x", "UINT8", [1]));
    }

    [TestMethod]
    public void Sizes_are_the_shapes()
    {
        Refused(Refusal.InputWrongByteCount, Model, Input("x", "FP32", [2]), Raw(1, 2, 3, 4));
        Refused(Refusal.InputWrongByteCount, Model, Input("x", "BYTES", [2]), Raw(0, 0, 0, 0));
        Refused(Refusal.InputWrongElementCount, Model, Input("x", "UINT8", [2], Contents(Packed(4, 1))));
        Refused(Refusal.InputWrongElementCount, Model, Input("x", "UINT8", [2], Contents(Packed(4, 1, 2, 3))));
        Refused(Refusal.InputShapeOverflow, Model, Input("x", "UINT8", [long.MaxValue, 2]), Raw());
        Refused(Refusal.InputWrongShape, Model, Input("x", "UINT8", [-1]), Raw());
        Refused(Refusal.InputWrongShape, Model, Input("x", "UINT8", [.. Enumerable.Repeat(1L, 17)]), Raw(1));
    }

    [TestMethod]
    public void Elements_in_another_field_than_the_datatypes_are_refused()
    {
        Refused(Refusal.InputContentsField, Model, Input("x", "INT32", [1], Contents(Packed(4, 1))));
        Refused(Refusal.InputContentsField, Model, Input("x", "INT32", [1], Contents(Packed(2, 1), Packed(4, 1))));
        Refused(Refusal.InputContentsField, Model, Input("x", "FP16", [1], Contents(Packed(4, 1))));
    }

    [TestMethod]
    [DataRow("BOOL", 1, 2UL)]
    [DataRow("INT8", 2, 128UL)]
    [DataRow("INT8", 2, unchecked((ulong)-129))]
    [DataRow("INT32", 2, 0x8000_0000UL)]
    [DataRow("UINT8", 4, 256UL)]
    [DataRow("UINT8", 4, 0xffff_ffffUL)]
    [DataRow("UINT16", 4, 65536UL)]
    [DataRow("UINT32", 4, 0x1_0000_0000UL)]
    public void Elements_beyond_their_type_are_refused(string type, int field, ulong value) =>
        Refused(Refusal.InputNumberOutOfRange, Model, Input("x", type, [1], Contents(Packed(field, value))));

    [TestMethod]
    public void Heads_are_bounded()
    {
        Refused(Refusal.HeadNameTooLong, Text(1, new string('m', 257)));
        Refused(Refusal.HeadIdTooLong, Text(3, new string('i', 257)));
        Refused(Refusal.HeadTooLarge, Field(4, new byte[16385]));
        Refused(Refusal.HeadTooLarge, Parameter("p", Text(3, new string('x', 4097))));
        Refused(Refusal.HeadTooManyTensors, [.. Enumerable.Range(0, 65).Select(i => Input($"x{i}", "UINT8", [0]))]);
        Refused(Refusal.HeadTooManyTensors, [.. Enumerable.Range(0, 65).Select(i => Raw())]);
        Refused(Refusal.HeadTooManyParameters, [.. Enumerable.Range(0, 65).Select(i => Parameter($"p{i}", Number(1, 1)))]);
        Refused(Refusal.HeadTooLarge, [.. Enumerable.Range(0, 200).Select(i => Parameter("p", Text(3, new string('x', 4000))))]);
    }

    [TestMethod]
    public void Names_and_types_are_needed()
    {
        Refused(Refusal.HeadMissingField, Model, Field(5, Text(2, "UINT8")));
        Refused(Refusal.HeadMissingField, Model, Field(5, Text(1, "x")));
        Refused(Refusal.HeadMissingField, Model, Field(6));
        Refused(Refusal.InputUnknownType, Model, Input("x", "UINT128", [1]));
        Refused(Refusal.InputTextInvalid, Model, Input("x\n", "UINT8", [1]));
        Refused(Refusal.InputDuplicate, Model, Input("x", "UINT8", [0]), Input("x", "UINT8", [0]));
        Refused(Refusal.OutputDuplicate, Model, Field(6, Text(1, "y")), Field(6, Text(1, "y")));
    }

    [TestMethod]
    public void Shared_memory_and_classification_are_refused()
    {
        Refused(Refusal.InputSharedMemory, Model, Input("x", "UINT8", [1], Parameter("shared_memory_region", Text(3, "r"))));
        Refused(Refusal.InputSharedMemory, Model, Field(6, Text(1, "y"), OutputParameter("shared_memory_region", Text(3, "r"))));
        Refused(Refusal.HeadParameterUnsupported, Model, Field(6, Text(1, "y"), OutputParameter("classification", Number(2, 3))));
        Refused(Refusal.HeadParameterUnsupported, Model, Parameter("p", Join(Tag(4, 1), BitConverter.GetBytes(double.NaN))));
    }

    [TestMethod]
    public void A_reader_goes_on_behind_an_abandoned_message_and_after_a_reset()
    {
        var reader = new ModelInferRequestReader(() => new ArrayMemory());
        var request = new InferRequest();
        byte[] bad = Join(Model, Input("x", "UINT8", [1], Contents(Packed(4, 300))), Field(99, new byte[100]));
        reader.Begin(request, ProtocolLimits.Default, bad.Length);
        Refuse.With(Refusal.InputNumberOutOfRange, () =>
        {
            reader.Feed(bad);
            reader.End();
        });
        reader.Begin(request, ProtocolLimits.Default, 10);
        Refuse.With(Refusal.HeadMalformedProtobuf, () => reader.Feed(Tag(9, 3)));
        reader.Abandon();
        reader.Feed(new byte[(int)reader.Remaining]);
        Assert.AreEqual(0, reader.Remaining);
        reader.Reset();
        byte[] good = Join(Model, Input("x", "UINT8", [1]), Raw(7));
        reader.Begin(request, ProtocolLimits.Default, good.Length);
        reader.Feed(good);
        reader.End();
        Assert.AreEqual(7, reader.DataOf(0)!.Written[0]);
    }

    private static byte[] Parameter(string key, params byte[][] value) => Field(4, [Text(1, key), .. value.Length == 0 ? [] : new[] { Field(2, value) }]);

    private static byte[] OutputParameter(string key, params byte[][] value) => Field(2, Text(1, key), Field(2, value));

    private static void Refused(Refusal expected, params byte[][] fields)
    {
        byte[] message = Join(fields);
        Refuse.With(expected, () => Read([message]));
        Refuse.With(expected, () => Read([message], 1));
    }

    private static (InferRequest Request, byte[][] Tensors) Read(params byte[][] fields) => Read(fields, int.MaxValue);

    private static (InferRequest Request, byte[][] Tensors) Read(byte[][] fields, int piece)
    {
        byte[] message = Join(fields);
        var request = new InferRequest();
        var reader = new ModelInferRequestReader(() => new ArrayMemory());
        reader.Begin(request, ProtocolLimits.Default with { MaxHeadBytes = 512 * 1024 }, message.Length);
        for (int at = 0; at < message.Length;)
        {
            int take = Math.Min(piece, message.Length - at);
            reader.Feed(message.AsSpan(at, take));
            at += take;
        }

        reader.End();
        return (request, [.. Enumerable.Range(0, request.Inputs.Length).Select(i => reader.DataOf(i)?.Written.ToArray() ?? [])]);
    }
}
