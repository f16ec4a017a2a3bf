using System.Globalization;
using System.Text.RegularExpressions;

namespace EdgeDaemon.EndToEnd;

/// <summary>Other people's HTTP clients, and what Triton's clients send and read, said by Python's own HTTP and gRPC.</summary>
[TestClass]
[DoNotParallelize] // Statistics are counted before and after.
public sealed partial class OutsideClientTests
{
    private const string Url = "http://edged/v2/models/digits/infer";
    private static Daemon _daemon = null!;
    private static string _scratch = "";

    [ClassInitialize]
    public static async Task StartAsync(TestContext _)
    {
        var state = StateDirectory.Create("", "digits/digits-s25");
        CraftedModels.Simple(state);
        state.Configure("[limits]\nmax_body_bytes = 4194304\n[engine]\nqueue = 256");
        _daemon = await Daemon.StartAsync(state, ownsState: true);
        _scratch = Directory.CreateTempSubdirectory("clients-").FullName;
        File.WriteAllBytes(Path.Combine(_scratch, "images"), Digits.Images);
        File.WriteAllBytes(Path.Combine(_scratch, "many"), new byte[8000 * Digits.Pixels]);
        File.WriteAllBytes(Path.Combine(_scratch, "one"), Digits.Images.AsSpan(0, Digits.Pixels));
    }

    [ClassCleanup]
    public static async Task StopAsync()
    {
        Directory.Delete(_scratch, recursive: true);
        await _daemon.DisposeAsync();
    }

    private static string Socket => _daemon.State.InferenceSocket;

    [TestMethod]
    public void NodesHttp_KeepsReusesAndAborts()
    {
        Outside.SkipIf(Outside.MissingProgram("node", "nodejs"));
        AllRight(Command.Run("/usr/bin/env", "node", Outside.Source("clients", "node.js"), Socket, At("images")));
    }

    [TestMethod]
    public void TritonsHttpClients_FindAllThatTheyReadUnchecked()
    {
        Outside.SkipIf(Outside.MissingPython("http.client", "python3"));
        AllRight(Command.Run(Outside.Python, Outside.Source("clients", "triton_http.py"), Socket));
    }

    [TestMethod]
    public void TritonsGrpcClients_FindAllThatTheyReadUnchecked()
    {
        Outside.SkipIf(Outside.MissingPython("grpc, google.protobuf", "python3-grpcio and python3-protobuf") ?? Outside.MissingProgram("protoc", "protobuf-compiler"));
        Command.Run("/usr/bin/env", "protoc", "-I", Outside.Source("grpc"), $"--python_out={_scratch}", "inference.proto").Succeeded();
        AllRight(Command.Run(Outside.Python, Outside.Source("clients", "triton_grpc.py"), Socket, _scratch));
    }

    [TestMethod]
    [DataRow("--http1.1", "1.1")]
    [DataRow("--http2-prior-knowledge", "2")]
    public void Curl_SendsALargeBody(string version, string spoken)
    {
        string[] raw = [version, "-H", "Inference-Header-Content-Length: 0", "--data-binary", "@" + At("many"), Url];
        Assert.AreEqual($"200 {spoken} {Answer(8000)}", Curl(raw));
        Assert.AreEqual($"200 {spoken} {Answer(8000)}", Curl([.. raw, "-H", "Expect: 100-continue"]));
    }

    [TestMethod]
    public void Curl_ExpectingContinue_IsToldToGoOn_OrWhyNot_BeforeItSends()
    {
        Command run = Command.Run("/usr/bin/env", "curl", "-sSv", "-o", At("ignored"), "--unix-socket", Socket, "-H", "Expect: 100-continue", "-H", "Inference-Header-Content-Length: 0", "--data-binary", "@" + At("many"), Url).Succeeded();
        StringAssert.Contains(run.Errors, "HTTP/1.1 100 Continue");
        File.WriteAllBytes(At("huge"), new byte[5 << 20]);
        string[] huge = ["--http1.1", "--expect100-timeout", "20", "-H", "Expect: 100-continue", "-H", "Inference-Header-Content-Length: 0", "--data-binary", "@" + At("huge"), "-w", "%{http_code} %{size_upload}", Url];
        Assert.AreEqual("413 0", Curl(huge), "a body over max_body_bytes was asked for");
    }

    [TestMethod]
    public void Curl_KeepsItsConnection()
    {
        Assert.AreEqual("200 1\n200 0\n404 0\n200 0", Curl(["-w", "%{http_code} %{num_connects}\n", "-H", "Inference-Header-Content-Length: 0", "--data-binary", "@" + At("one"),
            "-o", At("ignored"), Url, "-o", At("ignored"), Url, "-o", At("ignored"), "http://edged/v2/models/nobody/infer", "-o", At("ignored"), Url]).TrimEnd());
    }

    [TestMethod]
    [DataRow("--http1.1")]
    [DataRow("--http2-prior-knowledge")]
    public void Curl_UploadsWithoutALength(string version)
    {
        const string Head = """{"inputs":[{"name":"image","datatype":"UINT8","shape":[8000,1,8,8],"parameters":{"binary_data_size":512000}}],"parameters":{"binary_data_output":true}}""";
        File.WriteAllBytes(At("headed"), [.. System.Text.Encoding.UTF8.GetBytes(Head), .. new byte[512000]]);
        string said = Command.Run("/usr/bin/env", "bash", "-c",
            $"cat {At("headed")} | curl -sS {version} -X POST -T - -o {At("answer" + version)} -w '%{{http_code}}' --unix-socket {Socket} -H 'Inference-Header-Content-Length: {Head.Length}' {Url}").Succeeded().Output;
        Assert.AreEqual("200", said);
        Assert.IsGreaterThan(320_000, new FileInfo(At("answer" + version)).Length);
    }

    [TestMethod]
    public void Curl_HeadAndWrongMethods_AreAnsweredAsHttpSays()
    {
        string head = Command.Run("/usr/bin/env", "curl", "-sSI", "--unix-socket", Socket, "http://edged/v2").Succeeded().Output;
        StringAssert.Matches(head, new(@"^HTTP/1\.1 200 OK\r\nContent-Length: [1-9][0-9]*\r\n"));
        StringAssert.EndsWith(head, "\r\n\r\n");
        foreach ((string method, string url, string allowed) in new[] { ("DELETE", "http://edged/v2", "GET, HEAD"), ("PUT", "http://edged/v2/models/digits/ready", "GET, HEAD"), ("GET", Url, "POST"), ("HEAD", Url, "POST") })
        {
            string answer = Command.Run("/usr/bin/env", ["curl", "-sSi", "-m", "20", .. method == "HEAD" ? (string[])["-I"] : ["-X", method], "--unix-socket", Socket, url]).Succeeded().Output;
            StringAssert.StartsWith(answer, "HTTP/1.1 405 ", method);
            StringAssert.Contains(answer, $"\r\nAllow: {allowed}\r\n");
        }
    }

    [TestMethod]
    [DataRow("ready")]
    [DataRow("infer")]
    public void H2load_GetsEveryAnswerWhole(string route)
    {
        Outside.SkipIf(Outside.MissingProgram("h2load", "nghttp2-client"));
        string[] about = route == "infer" ? ["-d", At("one"), "-H", "inference-header-content-length: 0"] : [];
        Command run = Command.Run("/usr/bin/env", ["h2load", "-n", "3000", "-c", "3", "-m", "40", "-B", $"unix:{Socket}", .. about, $"http://edged/v2/models/digits/{route}"]).Succeeded();
        StringAssert.Contains(run.Output, "3000 succeeded, 0 failed, 0 errored, 0 timeout");
        StringAssert.Contains(run.Output, "status codes: 3000 2xx");
        using HttpConnection connection = _daemon.Connect();
        int length = route == "infer"
            ? connection.Ask(HttpConnection.Request("POST", "/v2/models/digits/infer", Digits.Images.AsSpan(0, Digits.Pixels), "Inference-Header-Content-Length: 0")).Body.Length
            : connection.Get("/v2/models/digits/ready").Body.Length;
        Assert.AreEqual(3000L * length, long.Parse(DataBytes().Match(run.Output).Groups[1].Value, CultureInfo.InvariantCulture), "bytes of all answers");
    }

    [TestMethod]
    public void H2load_WithMoreToAskThanStreamsMayBe_IsNeverRefused()
    {
        Outside.SkipIf(Outside.MissingProgram("h2load", "nghttp2-client"));
        // As many streams as one connection may have, and more behind them: none is refused, since h2load keeps to the daemon's settings.
        Command run = Command.Run("/usr/bin/env", "h2load", "-n", "1000", "-c", "1", "-m", "500", "-B", $"unix:{Socket}", "http://edged/v2").Succeeded();
        StringAssert.Contains(run.Output, "status codes: 1000 2xx");
    }

    private static string At(string name) => Path.Combine(_scratch, name);

    private static void AllRight(Command run) => StringAssert.Contains(run.Succeeded().Output, "all right");

    // A raw answer: what one of so many images is long.
    private static int Answer(int images)
    {
        using HttpConnection connection = _daemon.Connect();
        return connection.Ask(HttpConnection.Request("POST", "/v2/models/digits/infer", new byte[images * Digits.Pixels], "Inference-Header-Content-Length: 0")).Body.Length;
    }

    private static string Curl(string[] arguments)
    {
        Outside.SkipIf(Outside.MissingProgram("curl", "curl"));
        string[] wanted = arguments.Contains("-w") ? [] : ["-w", "%{http_code} %{http_version} %{size_download}"];
        string[] where = arguments.Contains("-o") ? [] : ["-o", At("ignored")];
        return Command.Run("/usr/bin/env", ["curl", "-sS", "-m", "30", .. wanted, .. where, "--unix-socket", Socket, .. arguments]).Succeeded().Output;
    }

    [GeneratedRegex(@"headers \(space savings [^)]*\), [0-9.KMB]+ \((\d+)\) data")]
    private static partial Regex DataBytes();
}
