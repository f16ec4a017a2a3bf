using System.Text;
using static EdgeDaemon.EndToEnd.BadRequest;
using static EdgeDaemon.EndToEnd.RefusingDaemon;

namespace EdgeDaemon.EndToEnd;

/// <summary>Doors that other servers had and callers came in by: other routes to the same thing, memory by name, files by name, the log.</summary>
[TestClass]
public sealed class RefusedDoorsTests
{
    [ClassInitialize]
    public static Task StartAsync(TestContext _) => RefusingDaemon.StartAsync();

    [TestCleanup]
    public void StillServes_InBoundedMemory() => CheckServing();

    [TestMethod]
    [DataRow("/ping")]
    [DataRow("/invocations")]
    [DataRow("/predict")]
    [DataRow("/metrics")]
    [DataRow("/models")]
    [DataRow("/api/sessions")]
    [DataRow("/v1/models/digits:predict")]
    [DataRow("/v2/")]
    [DataRow("/V2/health/live")]
    [DataRow("//v2")]
    [DataRow("/./v2")]
    [DataRow("/%76%32")]
    [DataRow("/v2;x=1")]
    [DataRow("/control/status")]
    public void OtherWayToWhatIsServed_IsNoEndpoint(string route) => NoEndpoint(route);

    [TestMethod]
    [DataRow("/v2/logging")]
    [DataRow("/v2/trace/setting")]
    [DataRow("/v2/models/digits/trace/setting")]
    [DataRow("/v2/repository/models/digits/load")]
    [DataRow("/v2/repository/models/digits/unload")]
    public void SettingThroughTheApi_IsNoEndpoint(string route) => NoEndpoint(route);

    [TestMethod]
    [DataRow("/v2/systemsharedmemory/status")]
    [DataRow("/v2/systemsharedmemory/region/x/register")]
    [DataRow("/v2/cudasharedmemory/region/x/register")]
    public void MemoryByName_CannotBeRegistered(string route) => NoEndpoint(route);

    [TestMethod]
    [DataRow("""{"inputs":[{"name":"image","datatype":"UINT8","shape":[1,1,8,8],"parameters":{"shared_memory_region":"x","shared_memory_byte_size":64}}]}""")]
    [DataRow("""{"inputs":[{"name":"image","datatype":"UINT8","shape":[1,1,8,8],"data":[0]}],"outputs":[{"name":"logits","parameters":{"shared_memory_region":"x"}}]}""")]
    public void MemoryByName_CannotBeUsed(string json)
    {
        using HttpConnection connection = Connect();
        HttpAnswer answer = connection.Ask(Json(json));
        Assert.AreEqual(400, answer.Status);
        Assert.AreEqual("shared memory is not supported", answer.Error);
    }

    [TestMethod]
    [DataRow("../digits")]
    [DataRow("..%2f..%2fetc%2fpasswd")]
    [DataRow("%2e%2e")]
    [DataRow("digits%0a")]
    [DataRow("digits%20;id")]
    [DataRow("$(id)")]
    [DataRow(".hidden")]
    public void ModelNameThatIsAPathOrACommand_IsNobodys(string name)
    {
        using HttpConnection connection = Connect();
        HttpAnswer answer = connection.Ask(HttpConnection.Request("POST", $"/v2/models/{name}/infer", "{}"u8));
        Assert.AreEqual(404, answer.Status, answer.Text);
        Assert.IsTrue(answer.Error is "no such endpoint" or "model not found", answer.Error);
    }

    [TestMethod]
    public async Task RefusedRequests_WriteNoLineOfTheirOwn_AndNoControlCharacter()
    {
        // A daemon of its own: the lines that one caller's refusals may fill are bounded, and the other tests' refusals fill them.
        await using Daemon daemon = await Daemon.StartAsync(string.Empty, "digits/digits-s25");
        const string Forged = "2026-01-01T00:00:00.000Z forged";
        byte[][] requests =
        [
            Encoding.Latin1.GetBytes($"GET /v2/\u001b[2J%0a%0d{Forged} HTTP/1.1\r\nHost: edged\r\n\r\n"),
            Encoding.Latin1.GetBytes($"GET /v2/models/%0a{Uri.EscapeDataString(Forged)} HTTP/1.1\r\nHost: edged\r\n\r\n"),
            Json($$"""{"id":"\n{{Forged}}","inputs":[{"name":"\u001b[2J\n{{Forged}}","datatype":"UINT8","shape":[1,1,8,8],"data":[0]}]}"""),
            Json($$"""{"inputs":[{"name":"image","datatype":"\n{{Forged}}","shape":[1,1,8,8],"data":[0]}]}"""),
            Json($$"""{"inputs":[{"name":"x\u0085\u009b{{Forged}}","datatype":"UINT8","shape":[1,1,8,8],"data":[0]}]}"""),
            Post("digits", "{}"u8, $"Inference-Header-Content-Length: 1\t{Forged}"),
            Post("digits", "{}"u8, $"Content-Encoding: \u0085{Forged}"),
        ];
        foreach (byte[] request in requests)
        {
            using HttpConnection connection = daemon.Connect();
            Assert.IsTrue(connection.Ask(request).Status is >= 400 and < 500);
        }

        using var http2 = new Http2Connection(daemon.State.InferenceSocket);
        http2.Ask(Http2Connection.Block((":method", "GET"), (":scheme", "http"), (":path", $"/v2/models/%0a{Forged}"), (":authority", "x")), []);
        Assert.IsTrue(SpinWait.SpinUntil(() => daemon.Errors.Contains("RouteUnknown", StringComparison.Ordinal), TimeSpan.FromSeconds(30)), "the control: some of it is logged");
        string[] lines = daemon.Errors.Split(Environment.NewLine);
        Assert.IsEmpty(lines.Where(line => line.StartsWith(Forged, StringComparison.Ordinal)).ToArray());
        Assert.IsFalse(daemon.Errors.Any(letter => char.IsControl(letter) && letter != '\n'), "a control character in the log");
    }

    private static void NoEndpoint(string route)
    {
        Refused(404, "no such endpoint", HttpConnection.Request("POST", route));
        Refused(404, "no such endpoint", HttpConnection.Request("GET", route));
    }
}
