using System.Buffers;
using System.Text;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Tests.Protocol;

[TestClass]
public sealed class MetadataWriterTests
{
    private static readonly ModelDescription Digits = new(
        "digits",
        "3",
        [new(new TensorContract("image", ElementType.UInt8, [-1, 1, 8, 8]), Format: "FORMAT_NCHW")],
        [new(new TensorContract("logits", ElementType.Float32, [-1, 10]), LabelFilename: "labels.txt")])
    {
        Parameters = [new("labels", "zero\n\"one\"")],
    };

    [TestMethod]
    public void Server_metadata_lists_the_extensions_it_is_given() => Assert.AreEqual(
        """{"name":"edged","version":"0.1.0","extensions":["binary_tensor_data","parameters"]}""",
        Text(o => ServerMetadataWriter.Write(o, "edged", "0.1.0", ["binary_tensor_data", "parameters"])));

    [TestMethod]
    public void Model_metadata_shows_names_types_and_shapes() => Assert.AreEqual(
        """{"name":"digits","versions":["3"],"platform":"onnxruntime_onnx","inputs":[{"name":"image","datatype":"UINT8","shape":[-1,1,8,8]}],"outputs":[{"name":"logits","datatype":"FP32","shape":[-1,10]}]}""",
        Text(o => ModelMetadataWriter.Write(o, Digits)));

    [TestMethod]
    public void Model_configuration_has_what_perf_analyzer_needs() => Assert.AreEqual(
        """{"name":"digits","platform":"onnxruntime_onnx","backend":"onnxruntime","max_batch_size":0,"input":[{"name":"image","data_type":"TYPE_UINT8","format":"FORMAT_NCHW","dims":[-1,1,8,8]}],"output":[{"name":"logits","data_type":"TYPE_FP32","dims":[-1,10],"label_filename":"labels.txt"}],"parameters":{"labels":{"string_value":"zero\n\"one\""}}}""",
        Text(o => ModelConfigWriter.Write(o, Digits)));

    [TestMethod]
    public void Model_configuration_says_how_it_runs_in_Tritons_words() => Assert.AreEqual(
        """{"name":"m","platform":"onnxruntime_onnx","backend":"onnxruntime","max_batch_size":0,"input":[],"output":[],"instance_group":[{"name":"m","kind":"KIND_CPU","count":2}],"optimization":{"graph":{"level":-1}},"dynamic_batching":{"preferred_batch_size":[4,8],"max_queue_delay_microseconds":500},"parameters":{}}""",
        Text(o => ModelConfigWriter.Write(o, new ModelDescription("m", "1", [], []) { Instances = 2, GraphLevel = -1, Batching = new DynamicBatching([4, 8], 500) })));

    [TestMethod]
    public void Health_errors_and_index_have_their_bodies()
    {
        Assert.AreEqual("""{"live":true}""", Text(o => HealthWriter.WriteServer(o, true)));
        Assert.AreEqual("""{"name":"m","ready":false}""", Text(o => HealthWriter.WriteModel(o, "m", false)));
        Assert.AreEqual("""{"error":"a \"b\" \\ \n\u0000"}""", Text(o => ErrorWriter.Write(o, "a \"b\" \\ \n\0")));
        Assert.AreEqual("[]", Text(o => RepositoryIndexWriter.Write(o, [])));
        Assert.AreEqual(
            """[{"name":"m","version":"1","state":"READY","reason":""},{"name":"n","version":"","state":"UNAVAILABLE","reason":"signature"}]""",
            Text(o => RepositoryIndexWriter.Write(o, [new("m", "1", "READY", ""), new("n", "", "UNAVAILABLE", "signature")])));
    }

    private static string Text(Action<ArrayBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
