using System.Security.Cryptography.X509Certificates;
using System.Text;
using EdgeDaemon.Client;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Tests.Monitoring;

namespace EdgeDaemon.EndToEnd;

/// <summary>
/// No tenant's bytes stay in the process: one tenant sends what is told from everything else, another makes one request, then every readable page is searched for what the
/// first one sent, what the model made of it on the way, and what was answered. With clearing turned off the same search finds it: else it would prove nothing.
/// </summary>
[TestClass]
[DoNotParallelize]
public sealed class MemoryProofTests
{
    // In many TLS records, in several blocks of the pool, in one: the largest first, for what follows it overwrites least.
    private static readonly int[] Rows = [4096, 100, 1];

    public required TestContext TestContext { get; init; }

    [TestMethod]
    public async Task NothingOfATenantStays_OverAUnixSocket_WithItsConnectionOpen()
    {
        await using TlsDaemon daemon = await StartAsync(keeps: false);
        using var connections = new UnixCaller(daemon.Daemon);
        Canary[] sent = connections.AskEverything();
        Assert.AreEqual(200, await daemon.AskAsync(), "another tenant");
        AssertNone(Search(daemon, sent));
        Assert.AreEqual(200, connections.Rest.Get("/v2/models/mirror").Status, "control: the connection was open");
    }

    [TestMethod]
    public async Task NothingOfATenantStays_OverTls_AfterItsConnectionWasClosed()
    {
        await using TlsDaemon daemon = await StartAsync(keeps: false);
        Canary[] sent = await AskOverTlsAsync(daemon);
        await Waiting.UntilAsync(() => OpenRemote(daemon) == 0);
        AnotherAsks(daemon);
        AssertNone(Search(daemon, sent));
    }

    [TestMethod]
    public async Task WithClearingOff_TheSameSearchFindsIt_AndTheDaemonSaysSo()
    {
        await using TlsDaemon daemon = await StartAsync(keeps: true);
        Canary[] local;
        using (var connections = new UnixCaller(daemon.Daemon))
        {
            local = connections.AskEverything();
            Assert.AreEqual(200, await daemon.AskAsync(), "another tenant");
            AssertFound(Search(daemon, local), local);
        }

        Canary[] remote = await AskOverTlsAsync(daemon);
        await Waiting.UntilAsync(() => OpenRemote(daemon) == 0);
        AnotherAsks(daemon);
        AssertFound(Search(daemon, remote), remote);

        StringAssert.Contains(daemon.Daemon.Errors, "ALARM: EDGED_UNSAFE_KEEP_MEMORY=1");
        using HttpConnection control = daemon.Daemon.ConnectControl();
        Assert.IsTrue(control.Get("/control/status").Json.GetProperty("memory_kept").GetBoolean());
        Assert.AreEqual(1, PrometheusText.Read(control.Get("/metrics").Text).Families["edged_memory_kept"].Samples.Single().Value);
    }

    private static async Task<TlsDaemon> StartAsync(bool keeps) => await TlsDaemon.StartAsync(
        before: MirrorModel.Bundle, environment: keeps ? new Dictionary<string, string> { ["EDGED_UNSAFE_KEEP_MEMORY"] = "1" } : null);

    private static void AnotherAsks(TlsDaemon daemon)
    {
        using HttpConnection another = daemon.Daemon.Connect();
        Assert.AreEqual(200, another.Ask(Digits.Binary(0, 1)).Status, "another tenant");
    }

    private List<Hit> Search(TlsDaemon daemon, Canary[] sent)
    {
        var memory = new ProcessMemory(daemon.Daemon.Id);
        List<Hit> hits = memory.Search([.. sent.SelectMany(canary => canary.Needles())]);
        TestContext.WriteLine($"{memory.Searched >> 20} MiB searched, {hits.Count} places");
        hits.ForEach(hit => TestContext.WriteLine(hit.ToString()));
        return hits;
    }

    private static void AssertNone(List<Hit> hits) => Assert.IsEmpty(hits, string.Join('\n', hits));

    private static void AssertFound(List<Hit> hits, Canary[] sent)
    {
        foreach (Canary canary in sent)
        {
            foreach (string stage in (string[])["input", "output"])
            {
                Assert.IsTrue(hits.Exists(hit => hit.What.StartsWith($"{canary.Route}: {stage}", StringComparison.Ordinal)), $"{canary.Route}: {stage} was not found although nothing is cleared");
            }
        }
    }

    private static double OpenRemote(TlsDaemon daemon)
    {
        using HttpConnection control = daemon.Daemon.ConnectControl();
        return PrometheusText.Read(control.Get("/metrics").Text).Families["edged_connections_open"].Samples.Single(sample => sample.Labels["listener"] == "remote").Value;
    }

    private static async Task<Canary[]> AskOverTlsAsync(TlsDaemon daemon)
    {
        using X509Certificate2 own = X509Certificate2.CreateFromPemFile(daemon.At("camera.pem"), daemon.At("camera.key"));
        var roots = new X509Certificate2Collection();
        roots.ImportFromPemFile(daemon.At("ca/root.pem"));
        EdgeAddress address = EdgeAddress.Https("localhost", daemon.Port, new EdgeTls(roots) { Certificate = own });
        Canary json = new("REST JSON over TLS"), binary = new("REST binary over TLS"), grpc = new("gRPC over TLS");
        using var rest = new EdgeClient(address, new EdgeClientOptions { Wire = EdgeWire.Rest });
        using var http2 = new EdgeClient(address, new EdgeClientOptions { Wire = EdgeWire.Grpc });
        foreach (int rows in Rows)
        {
            ReadOnlyMemory<byte> text = await rest.InferJsonAsync(MirrorModel.Name, MirrorModel.Json(json.Text(rows), rows));
            StringAssert.Contains(Encoding.UTF8.GetString(text.Span), json.AnswerText(rows));
            foreach ((EdgeClient client, Canary canary) in ((EdgeClient, Canary)[])[(rest, binary), (http2, grpc)])
            {
                InferenceAnswer answer = await client.InferAsync(new InferenceRequest(
                    MirrorModel.Name, [new InputTensor("x", ElementType.Int32, [rows, MirrorModel.Columns], canary.Bytes(rows))]));
                CollectionAssert.AreEqual(canary.AnswerBytes(rows), answer["y"].Bytes.ToArray());
            }
        }

        return [json, binary, grpc];
    }

    /// <summary>Everything that a tenant can send over a Unix socket, on connections that stay open.</summary>
    private sealed class UnixCaller(Daemon daemon) : IDisposable
    {
        private readonly Http2Connection _http2 = new(daemon.State.InferenceSocket);

        public HttpConnection Rest { get; } = daemon.Connect();

        public Canary[] AskEverything()
        {
            Canary json = new("REST JSON"), binary = new("REST binary"), raw = new("gRPC raw contents"), typed = new("gRPC int_contents");
            foreach (int rows in Rows)
            {
                StringAssert.Contains(Answer(Rest.Ask(Digits.Infer(MirrorModel.Name, MirrorModel.Json(json.Text(rows), rows)))).Text, json.AnswerText(rows));
                CollectionAssert.AreEqual(
                    binary.AnswerBytes(rows), Answer(Rest.Ask(Digits.Infer(MirrorModel.Name, MirrorModel.Head(rows), binary.Bytes(rows)))).Binary.ToArray());
                Call(MirrorModel.Raw(raw.Bytes(rows), rows), raw.AnswerBytes(rows));
                Call(MirrorModel.Typed(typed.Words(rows), rows), typed.AnswerBytes(rows));
            }

            return [json, binary, raw, typed];
        }

        public void Dispose()
        {
            Rest.Dispose();
            _http2.Dispose();
        }

        private static HttpAnswer Answer(HttpAnswer answer)
        {
            Assert.AreEqual(200, answer.Status, answer.Text);
            return answer;
        }

        private void Call(byte[] message, byte[] expected)
        {
            Http2Answer answer = _http2.Ask(Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame(message));
            Assert.AreEqual("0", answer.Status, answer.Message);
            Assert.IsGreaterThan(0, answer.Data.AsSpan().IndexOf(expected), "the answer is not the mirror's");
        }
    }
}
