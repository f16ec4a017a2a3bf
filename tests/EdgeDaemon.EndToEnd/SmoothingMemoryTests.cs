using System.Text;
using EdgeDaemon.Client;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.EndToEnd;

/// <summary>What a certification leaves in memory (nothing that opens its noise), and whose memory it takes.</summary>
[TestClass]
[DoNotParallelize]
public sealed class SmoothingMemoryTests
{
    public required TestContext TestContext { get; init; }

    /// <summary>The caller was told the seed, over each wire; then every readable page of the daemon is searched for it. With clearing turned off the same search finds it.</summary>
    [TestMethod]
    [DataRow(false, "[audit]\nenabled = false")]
    [DataRow(false, "")]
    [DataRow(true, "[audit]\nenabled = false")]
    public async Task No_seed_stays_once_its_request_has_ended(bool keeps, string settings)
    {
        StateDirectory state = StateDirectory.Create(settings, "digits/digits-s25");
        await using Daemon daemon = await Daemon.StartAsync(state, ownsState: true, keeps ? new Dictionary<string, string> { ["EDGED_UNSAFE_KEEP_MEMORY"] = "1" } : null);
        using EdgeClient rest = Client(daemon, EdgeWire.Rest), grpc = Client(daemon, EdgeWire.Grpc);
        var needles = new List<(string What, byte[] Needle)>();
        foreach ((string wire, EdgeClient client) in ((string, EdgeClient)[])[("REST", rest), ("gRPC", grpc)])
        {
            foreach (int inputs in (int[])[40, 1])
            {
                CertifiedInput first = CertifiedInput.Each(await client.InferAsync(Request(inputs, reveals: true)))[0];
                string seed = RobustnessCertificate.Parse(first.Certificate, "answered").Noise.Seed!;
                needles.AddRange(Needles($"{wire}, {inputs} inputs", seed));
            }
        }

        // Another request over each connection, and another connection: what was in their buffers is overwritten or cleared, as after any request.
        await rest.InferAsync(Request(1, reveals: false) with { Certify = null });
        await grpc.InferAsync(Request(1, reveals: false) with { Certify = null });
        if (settings.Length == 0)
        {
            // The log has the seeds, for auditors: what its writer held in memory goes to the disk with the next flush, and is written over by the next records.
            using HttpConnection control = daemon.ConnectControl();
            await Waiting.UntilAsync(() => control.Get("/control/audit").Json.GetProperty("checkpoint").GetProperty("size").GetInt64() > 4);
            needles.RemoveAll(needle => needle.What.EndsWith("bits", StringComparison.Ordinal));
        }

        var memory = new ProcessMemory(daemon.Id);
        List<Hit> hits = memory.Search(needles);
        TestContext.WriteLine($"{memory.Searched >> 20} MiB searched, {hits.Count} places");
        if (keeps)
        {
            Assert.IsTrue(hits.Exists(hit => hit.What.EndsWith("bits", StringComparison.Ordinal)), "nothing is cleared, and the bits were not found");
            Assert.IsTrue(hits.Exists(hit => hit.What.EndsWith("digits", StringComparison.Ordinal)), "nothing is cleared, and the digits were not found");
        }
        else
        {
            Assert.IsEmpty(hits, string.Join('\n', hits));
        }
    }

    /// <summary>A count of each class for each input, twice: a caller may take so much, and others have theirs.</summary>
    [TestMethod]
    public async Task Counts_are_on_the_callers_account()
    {
        await using Daemon daemon = await Daemon.StartAsync("""
            [[tenant]]
            name = "small"
            callers = ["self"]
            roles = ["infer", "observe", "admin"]
            models = ["*"]
            max_tensor_bytes = 330000
            """, "digits/digits-s25");
        using HttpConnection connection = daemon.Connect();
        Assert.AreEqual(200, connection.Ask(Digits.Binary(0, 500)).Status, "control: as many inputs without counts");
        Assert.AreEqual(200, Ask(connection, 40).Status);
        HttpAnswer refused = Ask(connection, 500);
        Assert.AreEqual(429, refused.Status, refused.Text);
        Assert.AreEqual(200, Ask(connection, 40).Status, "what was refused holds nothing");
        using HttpConnection control = daemon.ConnectControl();
        await Waiting.UntilAsync(() => control.Get("/control/tenants").Json.GetRawText().Contains("\"tensor_bytes\":0", StringComparison.Ordinal)); // Given back once the answer has left.

        static HttpAnswer Ask(HttpConnection connection, int count)
        {
            string head = $$$"""
                {"parameters":{"certify":"predict","max_samples":10},"inputs":[{"name":"image","datatype":"UINT8","shape":[{{{count}}},1,8,8],"parameters":{"binary_data_size":{{{count * Digits.Pixels}}}}}]}
                """;
            return connection.Ask(Digits.Infer("digits", Encoding.UTF8.GetBytes(head), Digits.Images.AsSpan(0, count * Digits.Pixels)));
        }
    }

    [TestMethod]
    public async Task More_inputs_than_may_be_are_refused_as_such()
    {
        await using Daemon daemon = await Daemon.StartAsync("", "digits/digits-s25");
        using HttpConnection connection = daemon.Connect();
        byte[] pixels = new byte[1025 * Digits.Pixels];
        byte[] head = """{"parameters":{"certify":"predict","max_samples":10},"inputs":[{"name":"image","datatype":"UINT8","shape":[1025,1,8,8],"parameters":{"binary_data_size":65600}}]}"""u8.ToArray();
        HttpAnswer answer = connection.Ask(Digits.Infer("digits", head, pixels));
        Assert.AreEqual(400, answer.Status, answer.Text);
        StringAssert.Contains(answer.Text, "more inputs than one certification may have", StringComparison.Ordinal);
    }

    private static EdgeClient Client(Daemon daemon, EdgeWire wire) => new(EdgeAddress.UnixSocket(daemon.State.InferenceSocket), new EdgeClientOptions { Wire = wire });

    private static InferenceRequest Request(int inputs, bool reveals) => new("digits", [new InputTensor("image", ElementType.UInt8, [inputs, 1, 8, 8], Digits.Images.AsMemory(0, inputs * Digits.Pixels))])
    {
        Certify = new Certification { MaxSamples = 100, Certificate = true, RevealSeed = reveals },
    };

    private static IEnumerable<(string What, byte[] Needle)> Needles(string what, string seed)
    {
        byte[] bits = Convert.FromHexString(seed);
        yield return ($"{what}: first bits", bits[..16]);
        yield return ($"{what}: last bits", bits[16..]);
        foreach (string half in (string[])[seed[..32], seed[32..]])
        {
            yield return ($"{what}: digits", Encoding.ASCII.GetBytes(half));
            yield return ($"{what}: UTF-16 digits", Encoding.Unicode.GetBytes(half));
        }
    }
}
