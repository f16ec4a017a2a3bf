using System.Text.Json;
using EdgeDaemon.Tests.Client;

namespace EdgeDaemon.Tests.Ctl.Commands;

[TestClass]
public sealed class InferCommandTests
{
    private const string Metadata =
        """{"name":"digits","versions":["1"],"platform":"onnxruntime_onnx","inputs":[{"name":"image","datatype":"UINT8","shape":[-1,1,2,2]}],"outputs":[{"name":"logits","datatype":"FP32","shape":[-1,3]}]}""";

    private const string Config =
        """{"name":"digits","input":[{"name":"image","data_type":"TYPE_UINT8","format":"FORMAT_NCHW","dims":[-1,1,2,2]}],"parameters":{"labels":{"string_value":"zero\none\ntwo"}}}""";

    private string _folder = "";

    [TestInitialize]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("edged-").FullName;

    [TestCleanup]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void Prints_label_and_confidence_of_the_chosen_picture()
    {
        using FakeDaemon daemon = Digits(0, 2, 1);
        string file = Picture("P5 2 2 16\n\x0\x1\x2\x3P5 2 2 16\n\x8\x10\x0\x4");
        ToolRun run = ToolRun.Of("infer", "digits", "--image", file, "--index", "1", "--socket", daemon.SocketPath).Succeeded();
        Assert.AreEqual("one  0.6652\n", run.Output);
        FakeRequest request = daemon.Requests.Single(r => r.Line.StartsWith("POST", StringComparison.Ordinal));
        CollectionAssert.AreEqual((byte[])[128, 255, 0, 64], request.Body[^4..]);
    }

    [TestMethod]
    public void Top_and_json()
    {
        using FakeDaemon daemon = Digits(0, 2, 1);
        string file = Picture("P2 2 2 1 0 0 1 1");
        Assert.AreEqual("one  0.6652\ntwo  0.2447\nzero  0.0900\n", ToolRun.Of("infer", "digits", "--image", file, "--top", "9", "--socket", daemon.SocketPath).Succeeded().Output);

        using JsonDocument json = JsonDocument.Parse(ToolRun.Of("infer", "digits", "--image", file, "--json", "--socket", daemon.SocketPath).Succeeded().Output);
        Assert.AreEqual("digits", json.RootElement.GetProperty("model").GetString());
        JsonElement best = json.RootElement.GetProperty("classes")[0];
        Assert.AreEqual((1, "one"), (best.GetProperty("index").GetInt32(), best.GetProperty("label").GetString()));
        Assert.AreEqual(0.66524095577, best.GetProperty("confidence").GetDouble(), 1e-9);
    }

    [TestMethod]
    public void Values_that_are_shares_already_are_shown_as_they_are()
    {
        using FakeDaemon daemon = Digits(0.25f, 0.5f, 0.25f);
        Assert.AreEqual("one  0.5000\n", ToolRun.Of("infer", "digits", "--image", Picture("P2 2 2 1 0 0 1 1"), "--socket", daemon.SocketPath).Succeeded().Output);
    }

    [TestMethod]
    public void An_answer_that_is_not_a_number_is_never_shown_as_one()
    {
        using FakeDaemon daemon = Digits(0, float.NaN, 1);
        ToolRun.Of("infer", "digits", "--image", Picture("P2 2 2 1 0 0 1 1"), "--socket", daemon.SocketPath).Failed(1, "not a number");
    }

    [TestMethod]
    public void Pictures_that_do_not_fit_say_what_to_do()
    {
        using FakeDaemon daemon = Digits(0, 2, 1);
        string large = Picture("P2 4 2 1 1 1 0 0 1 1 0 0");
        ToolRun.Of("infer", "digits", "--image", large, "--socket", daemon.SocketPath).Failed(1, large, "4x2", "2x2", "--resize");
        ToolRun.Of("infer", "digits", "--image", large, "--resize", "--socket", daemon.SocketPath).Succeeded();
        CollectionAssert.AreEqual((byte[])[255, 0, 255, 0], daemon.Requests[^1].Body[^4..]);
        ToolRun.Of("infer", "digits", "--image", large, "--index", "1", "--socket", daemon.SocketPath).Failed(1, "number 1");
        ToolRun.Of("infer", "digits", "--image", Path.Combine(_folder, "none.png"), "--socket", daemon.SocketPath).Failed(1, "does not exist");
        ToolRun.Of("infer", "digits", "--image", Picture("hello"), "--socket", daemon.SocketPath).Failed(1, "neither PNG");
    }

    [TestMethod]
    public void A_json_request_goes_as_it_is_and_the_answer_comes_as_it_is()
    {
        string request = """{"inputs": [ {"name":"x", "datatype":"FP32", "shape":[1], "data":[1.50]} ]}""";
        string answer = """{"model_name":"m","outputs":[{"name":"y","datatype":"FP32","shape":[1],"data":[3]}]}""";
        using var daemon = new FakeDaemon(_ => FakeDaemon.Json(answer));
        string file = Path.Combine(_folder, "request.json");
        File.WriteAllText(file, request);
        Assert.AreEqual(answer + "\n", ToolRun.Of("infer", "m", "--json-file", file, "--socket", daemon.SocketPath).Succeeded().Output);
        Assert.AreEqual(request, daemon.Requests.Single().Text);
    }

    [TestMethod]
    public void A_refusal_is_code_1_with_the_daemons_text()
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Json("""{"error":"model \u001b[31mnot found (request 7-1)"}""", "404 Not Found"));
        ToolRun run = ToolRun.Of("infer", "m", "--image", Picture("P2 1 1 1 1"), "--socket", daemon.SocketPath).Failed(1, "404", "not found", "7-1");
        Assert.IsFalse(run.Error.Contains('\u001b'), "a terminal would obey it");
    }

    private string Picture(string text)
    {
        string file = Path.Combine(_folder, $"{Guid.NewGuid():n}.pgm");
        File.WriteAllBytes(file, System.Text.Encoding.Latin1.GetBytes(text));
        return file;
    }

    private static FakeDaemon Digits(params float[] logits) => new(request =>
        request.Line.Contains("/config", StringComparison.Ordinal) ? FakeDaemon.Json(Config)
        : request.Line.StartsWith("GET", StringComparison.Ordinal) ? FakeDaemon.Json(Metadata)
        : FakeDaemon.Tensors(
            """{"model_name":"digits","model_version":"1","outputs":[{"name":"logits","datatype":"FP32","shape":[1,3],"parameters":{"binary_data_size":12}}]}""",
            [.. logits.SelectMany(BitConverter.GetBytes)]));
}
