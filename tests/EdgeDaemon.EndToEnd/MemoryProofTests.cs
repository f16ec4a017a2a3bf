using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EdgeDaemon.Client;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Tests.Monitoring;
using EdgeDaemon.Tests.Protocol.Grpc;

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
        using var caller = new UnixCaller(daemon.Daemon);
        Canary[] sent = caller.AskEverything();
        await AnotherAsksOverTlsAsync(daemon);
        AssertNone(Search(daemon, sent));
        Assert.AreEqual(200, caller.Rest.Get("/v2/models/mirror").Status, "control: the connection was open");
    }

    [TestMethod]
    public async Task NothingOfATenantStays_OverTls_WithItsConnectionsOpen_AndAfterwards()
    {
        await using TlsDaemon daemon = await StartAsync(keeps: false);
        List<Hit> open = [];
        Canary[] sent = await AskOverTlsAsync(daemon, whileOpen: all =>
        {
            AnotherAsks(daemon);
            Assert.IsGreaterThan(0, OpenRemote(daemon), "control: the connections are open");
            open = Search(daemon, all);
        });
        await Waiting.UntilAsync(() => OpenRemote(daemon) == 0);
        AnotherAsks(daemon);
        AssertNone(Search(daemon, sent));
        AssertNone(open);
    }

    [TestMethod]
    public async Task NothingOfWhatWasRefusedOrBrokenOffStays()
    {
        await using TlsDaemon daemon = await StartAsync(keeps: false);
        Canary[] sent = SendWhatFails(daemon.Daemon);
        await AnotherAsksOverTlsAsync(daemon);
        await Waiting.UntilAsync(() => InFlight(daemon) == 0);
        AssertNone(Search(daemon, sent));
    }

    [TestMethod]
    public async Task NothingOfTextsStays()
    {
        await using TlsDaemon daemon = await StartAsync(keeps: false);
        using var caller = new UnixCaller(daemon.Daemon);
        (string What, byte[] Needle)[] sent = [.. caller.AskWords(MirrorModel.Words), .. caller.AskWords(MirrorModel.Letters)];
        await AnotherAsksOverTlsAsync(daemon);
        List<Hit> hits = Search(daemon, sent);

        // What the library's operators make of texts on the way lies in strings of the library's own: SECURITY.md.
        AssertNone([.. hits.Where(hit => !hit.What.StartsWith("letters, small", StringComparison.Ordinal))]);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task NothingOfNetsStays_UnlessClearingIsOff(bool keeps)
    {
        await using TlsDaemon daemon = await StartAsync(keeps, "bench/bench-mlp", "bench/bench-cnn", "bench/bench-wide");
        using HttpConnection connection = daemon.Daemon.Connect();
        var sent = new List<(string What, byte[] Needle)>();
        foreach ((string model, int elements, int most) in ((string, int, int)[])[("bench-mlp", 16, 64), ("bench-cnn", 3 * 32 * 32, 8), ("bench-wide", 3 * 224 * 224, 1)])
        {
            foreach (int items in (int[])[most, 1])
            {
                float[] pattern = [.. Enumerable.Range(0, 4).Select(_ => RandomNumberGenerator.GetInt32(1, 1 << 24) / (float)(1 << 24))];
                byte[] input = MemoryMarshal.AsBytes<float>([.. Enumerable.Range(0, items * elements).Select(i => pattern[i % 4])]).ToArray();
                string shape = model == "bench-mlp" ? "16" : model == "bench-cnn" ? "3,32,32" : "3,224,224";
                HttpAnswer answer = connection.Ask(Digits.Infer(model, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $$$"""
                    {"parameters":{"binary_data_output":true},"inputs":[{"name":"x","datatype":"FP32","shape":[{{{items}}},{{{shape}}}],"parameters":{"binary_data_size":{{{input.Length}}}}}]}
                    """)), input));
                Assert.AreEqual(200, answer.Status, answer.Text);
                sent.Add(($"{model} x {items}: input", MemoryMarshal.AsBytes(pattern.AsSpan()).ToArray()));
                sent.Add(($"{model} x {items}: output", answer.Binary[..16].ToArray()));
            }
        }

        byte[] pixels = [.. Enumerable.Range(0, 16).Select(_ => (byte)RandomNumberGenerator.GetInt32(1, 256))];
        byte[] images = [.. Enumerable.Range(0, 8 * Digits.Pixels).Select(i => pixels[i % 16])];
        HttpAnswer logits = connection.Ask(Digits.Infer("digits", """
            {"parameters":{"binary_data_output":true},"inputs":[{"name":"image","datatype":"UINT8","shape":[8,1,8,8],"parameters":{"binary_data_size":512}}]}
            """u8, images));
        Assert.AreEqual(200, logits.Status, logits.Text);
        sent.Add(("digits: input", pixels));
        sent.Add(("digits: input made floats", MemoryMarshal.AsBytes<float>([.. pixels.Take(4).Select(pixel => pixel / 255f)]).ToArray()));
        sent.Add(("digits: output", logits.Binary[..16].ToArray()));
        await AnotherAsksOverTlsAsync(daemon);
        List<Hit> hits = Search(daemon, [.. sent]);
        if (keeps)
        {
            Assert.IsTrue(hits.Exists(hit => hit.What.EndsWith("input", StringComparison.Ordinal)) && hits.Exists(hit => hit.What.EndsWith("output", StringComparison.Ordinal)), "nothing is cleared, and nothing was found");
        }
        else
        {
            AssertNone(hits);
        }
    }

    [TestMethod]
    public async Task WithClearingOff_TheSameSearchFindsIt_AndTheDaemonSaysSo()
    {
        await using TlsDaemon daemon = await StartAsync(keeps: true);
        using (var caller = new UnixCaller(daemon.Daemon))
        {
            caller.AskEverything(FindsIt);
            (string What, byte[] Needle)[] words = caller.AskWords(MirrorModel.Words);
            await AnotherAsksOverTlsAsync(daemon);
            Assert.IsNotEmpty(Search(daemon, words));
        }

        await AskOverTlsAsync(daemon, asked: FindsIt);
        await Waiting.UntilAsync(() => OpenRemote(daemon) == 0);
        SendWhatFails(daemon.Daemon, canary => AssertFound(Search(daemon, [canary]), [canary], "input"));

        daemon.Daemon.Says("ALARM: EDGED_UNSAFE_KEEP_MEMORY=1");
        using HttpConnection control = daemon.Daemon.ConnectControl();
        Assert.IsTrue(control.Get("/control/status").Json.GetProperty("memory_kept").GetBoolean());
        Assert.AreEqual(1, PrometheusText.Read(control.Get("/metrics").Text).Families["edged_memory_kept"].Samples.Single().Value);

        void FindsIt(Canary canary)
        {
            AnotherAsks(daemon);
            AssertFound(Search(daemon, [canary]), [canary], "input", "output");
        }
    }

    private static async Task<TlsDaemon> StartAsync(bool keeps, params string[] bundles) => await TlsDaemon.StartAsync(
        before: MirrorModel.Bundle, environment: keeps ? new Dictionary<string, string> { ["EDGED_UNSAFE_KEEP_MEMORY"] = "1" } : null, bundles: bundles);

    private static void AnotherAsks(TlsDaemon daemon)
    {
        using HttpConnection another = daemon.Daemon.Connect();
        Assert.AreEqual(200, another.Ask(Digits.Binary(0, 1)).Status, "another tenant");
    }

    private static async Task AnotherAsksOverTlsAsync(TlsDaemon daemon)
    {
        using Camera camera = new(daemon);
        await camera.Rest.InferJsonAsync("digits", Digits.Json(0, 1));
    }

    private List<Hit> Search(TlsDaemon daemon, Canary[] sent) => Search(daemon, [.. sent.SelectMany(canary => canary.Needles())]);

    private List<Hit> Search(TlsDaemon daemon, (string What, byte[] Needle)[] needles)
    {
        var memory = new ProcessMemory(daemon.Daemon.Id);
        List<Hit> hits = memory.Search(needles);
        TestContext.WriteLine($"{memory.Searched >> 20} MiB searched, {hits.Count} places");
        hits.ForEach(hit => TestContext.WriteLine(hit.ToString()));
        return hits;
    }

    private static void AssertNone(List<Hit> hits) => Assert.IsEmpty(hits, string.Join('\n', hits));

    private static void AssertFound(List<Hit> hits, Canary[] sent, params string[] stages)
    {
        foreach (Canary canary in sent)
        {
            foreach (string stage in stages)
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

    private static int InFlight(TlsDaemon daemon)
    {
        using HttpConnection control = daemon.Daemon.ConnectControl();
        return control.Get("/control/status").Json.GetProperty("requests_in_flight").GetInt32();
    }

    // The bytes come in all the same, and are somewhere when the refusal is written.
    private static Canary[] SendWhatFails(Daemon daemon, Action<Canary>? sent = null)
    {
        Canary syntax = new("JSON that ends wrong"), contract = new("a shape too many"), cut = new("a body cut off"), grpc = new("a message that ends wrong"), reset = new("a call that is reset");
        using (HttpConnection rest = daemon.Connect())
        {
            Assert.AreEqual(400, rest.Ask(Digits.Infer(MirrorModel.Name, [.. MirrorModel.Json(syntax.Text(1000), 1000)[..^3], .. "{"u8])).Status);
            sent?.Invoke(syntax);
        }

        using (HttpConnection rest = daemon.Connect())
        {
            Assert.AreEqual(400, rest.Ask(Digits.Infer(MirrorModel.Name, MirrorModel.Json(contract.Text(1000), 999))).Status);
            sent?.Invoke(contract);
        }

        using (HttpConnection rest = daemon.Connect())
        {
            byte[] request = Digits.Infer(MirrorModel.Name, MirrorModel.Head(1000), cut.Bytes(1000));
            Assert.IsTrue(rest.Send(request.AsSpan(0, request.Length / 2)));
            rest.EndSending();
            rest.Read();
            sent?.Invoke(cut);
        }

        using var http2 = new Http2Connection(daemon.State.InferenceSocket);
        Assert.AreEqual("3", http2.Ask(Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame([.. MirrorModel.Raw(grpc.Bytes(1000), 1000), 0xff])).Status);
        sent?.Invoke(grpc);
        int stream = http2.Begin(Http2Connection.Call(GrpcMessage.Infer));
        byte[] message = GrpcMessage.Frame(MirrorModel.Raw(reset.Bytes(1000), 1000));
        http2.SendBody(stream, message.AsSpan(0, message.Length / 2), end: false);
        http2.Send(Http2Connection.Frame(Http2Connection.Reset, 0, stream, [0, 0, 0, 8]));
        Assert.AreEqual("0", http2.Ask(Http2Connection.Call(GrpcMessage.Live), GrpcMessage.Frame([])).Status, "what was sent before it was read");
        sent?.Invoke(reset);
        return [syntax, contract, cut, grpc, reset];
    }

    /// <param name="daemon">Asked.</param>
    /// <param name="whileOpen">Called when everything was asked.</param>
    /// <param name="asked">Called behind each route, before the next one's bytes come to lie where its own were.</param>
    private static async Task<Canary[]> AskOverTlsAsync(TlsDaemon daemon, Action<Canary[]>? whileOpen = null, Action<Canary>? asked = null)
    {
        Canary json = new("REST JSON over TLS"), binary = new("REST binary over TLS"), grpc = new("gRPC over TLS");
        using var camera = new Camera(daemon);
        foreach (int rows in Rows)
        {
            ReadOnlyMemory<byte> text = await camera.Rest.InferJsonAsync(MirrorModel.Name, MirrorModel.Json(json.Text(rows), rows));
            StringAssert.Contains(Encoding.UTF8.GetString(text.Span), json.AnswerText(rows));
        }

        asked?.Invoke(json);
        foreach ((EdgeClient client, Canary canary) in ((EdgeClient, Canary)[])[(camera.Rest, binary), (camera.Grpc, grpc)])
        {
            foreach (int rows in Rows)
            {
                InferenceAnswer answer = await client.InferAsync(new InferenceRequest(
                    MirrorModel.Name, [new InputTensor("x", ElementType.Int32, [rows, MirrorModel.Columns], canary.Bytes(rows))]));
                CollectionAssert.AreEqual(canary.AnswerBytes(rows), answer["y"].Bytes.ToArray());
            }

            asked?.Invoke(canary);
        }

        whileOpen?.Invoke([json, binary, grpc]);
        return [json, binary, grpc];
    }

    /// <summary>The tenant over the network.</summary>
    private sealed class Camera : IDisposable
    {
        private readonly X509Certificate2 _own;

        public Camera(TlsDaemon daemon)
        {
            _own = X509Certificate2.CreateFromPemFile(daemon.At("camera.pem"), daemon.At("camera.key"));
            var roots = new X509Certificate2Collection();
            roots.ImportFromPemFile(daemon.At("ca/root.pem"));
            EdgeAddress address = EdgeAddress.Https("localhost", daemon.Port, new EdgeTls(roots) { Certificate = _own });
            Rest = new EdgeClient(address, new EdgeClientOptions { Wire = EdgeWire.Rest });
            Grpc = new EdgeClient(address, new EdgeClientOptions { Wire = EdgeWire.Grpc });
        }

        public EdgeClient Rest { get; }

        public EdgeClient Grpc { get; }

        public void Dispose()
        {
            Rest.Dispose();
            Grpc.Dispose();
            _own.Dispose();
        }
    }

    /// <summary>Everything that a tenant can send over a Unix socket, on connections that stay open.</summary>
    private sealed class UnixCaller(Daemon daemon) : IDisposable
    {
        private readonly Http2Connection _http2 = new(daemon.State.InferenceSocket);

        public HttpConnection Rest { get; } = daemon.Connect();

        /// <param name="asked">Called behind each route, before the next one's bytes come to lie where its own were.</param>
        public Canary[] AskEverything(Action<Canary>? asked = null)
        {
            Canary json = new("REST JSON"), binary = new("REST binary"), raw = new("gRPC raw contents"), typed = new("gRPC int_contents"), streamed = new("gRPC stream");
            EachSize(json, rows => StringAssert.Contains(Answer(Rest.Ask(Digits.Infer(MirrorModel.Name, MirrorModel.Json(json.Text(rows), rows)))).Text, json.AnswerText(rows)));
            EachSize(binary, rows => CollectionAssert.AreEqual(
                binary.AnswerBytes(rows), Answer(Rest.Ask(Digits.Infer(MirrorModel.Name, MirrorModel.Head(rows), binary.Bytes(rows)))).Binary.ToArray()));
            EachSize(raw, rows => Call(MirrorModel.Raw(raw.Bytes(rows), rows), raw.AnswerBytes(rows)));
            EachSize(typed, rows => Call(MirrorModel.Typed(typed.Words(rows), rows), typed.AnswerBytes(rows)));
            EachSize(streamed, rows => Call(MirrorModel.Raw(streamed.Bytes(rows), rows), streamed.AnswerBytes(rows), GrpcMessage.Stream));
            return [json, binary, raw, typed, streamed];

            void EachSize(Canary canary, Action<int> ask)
            {
                Array.ForEach(Rows, ask);
                asked?.Invoke(canary);
            }
        }

        /// <summary>Texts of 40 letters, over each wire; the needles are the later half of each: malloc writes its own over the first letters of what is freed.</summary>
        public (string What, byte[] Needle)[] AskWords(string model)
        {
            (string Route, string Word)[] words = [.. ((string[])["JSON", "binary", "gRPC"]).Select(route => (route, Convert.ToHexString(RandomNumberGenerator.GetBytes(20))))];
            const int Count = 500;
            string listed = string.Join(',', Enumerable.Repeat($"\"{words[0].Word}\"", Count));
            string answer = Answer(Rest.Ask(Digits.Infer(model, Encoding.ASCII.GetBytes(
                $$"""{"inputs":[{"name":"x","datatype":"BYTES","shape":[{{Count}}],"data":[{{listed}}]}]}""")))).Text;
            StringAssert.Contains(answer, listed);
            byte[] binary = Elements(words[1].Word, Count);
            CollectionAssert.AreEqual(binary, Answer(Rest.Ask(Digits.Infer(model, Encoding.ASCII.GetBytes(
                $$$"""{"parameters":{"binary_data_output":true},"inputs":[{"name":"x","datatype":"BYTES","shape":[{{{Count}}}],"parameters":{"binary_data_size":{{{binary.Length}}}}}]}"""), binary))).Binary.ToArray());
            byte[] raw = Elements(words[2].Word, Count);
            Call(Proto.Join([Proto.Text(1, model), Proto.Input("x", "BYTES", [Count]), Proto.Raw(raw)]), raw);
            return [.. words.SelectMany(one => new[]
            {
                ($"{model} over {one.Route}", Encoding.ASCII.GetBytes(one.Word[20..])),
                ($"{model} over {one.Route}, UTF-16", Encoding.Unicode.GetBytes(one.Word[20..])),
                ($"{model}, small, over {one.Route}", Encoding.ASCII.GetBytes(one.Word[20..].ToLowerInvariant())),
            })];
        }

        public void Dispose()
        {
            Rest.Dispose();
            _http2.Dispose();
        }

        private static byte[] Elements(string word, int count) =>
            [.. Enumerable.Repeat((byte[])[.. BitConverter.GetBytes(word.Length), .. Encoding.ASCII.GetBytes(word)], count).SelectMany(element => element)];

        private static HttpAnswer Answer(HttpAnswer answer)
        {
            Assert.AreEqual(200, answer.Status, answer.Text);
            return answer;
        }

        private void Call(byte[] message, byte[] expected, string call = GrpcMessage.Infer)
        {
            Http2Answer answer = _http2.Ask(Http2Connection.Call(call), GrpcMessage.Frame(message));
            Assert.AreEqual("0", answer.Status, answer.Message);
            Assert.IsGreaterThan(0, answer.Data.AsSpan().IndexOf(expected), "the answer is not the mirror's");
        }
    }
}
