using System.Text.RegularExpressions;
using EdgeDaemon.Tests.Monitoring;
using EdgeDaemon.Tests.Protocol.Grpc;

namespace EdgeDaemon.EndToEnd;

/// <summary>The page of metrics of the published daemon, by a strict reader and by Prometheus's own.</summary>
[TestClass]
public sealed partial class MetricsTests
{
    private const string Bench = "bench/bench-mlp";

    [TestMethod]
    public async Task Requests_TakeNoManagedMemoryBeyondTheServers()
    {
        // Kestrel's own is 231 bytes for such a request (the benchmarks' subject cpu measures both in one run): a closure or a box would show.
        const int Requests = 5000, ServersOwn = 231, Allowed = 16;
        await using Daemon daemon = await Daemon.StartAsync("", Bench);
        using HttpConnection connection = daemon.Connect();
        byte[] question = HttpConnection.Request("POST", "/v2/models/bench-mlp/infer", new byte[64], "Inference-Header-Content-Length: 0");
        double least = double.MaxValue;
        for (int round = 0; round < 4; round++)
        {
            long before = Allocated(daemon);
            for (int i = 0; i < Requests; i++)
            {
                Assert.AreEqual(200, connection.Ask(question).Status);
            }

            least = Math.Min(least, (Allocated(daemon) - before) / (double)Requests);
        }

        Assert.IsLessThanOrEqualTo(ServersOwn + Allowed, least);
        Assert.IsGreaterThan(ServersOwn / 2.0, least, "what is counted is what the server takes");
    }

    [TestMethod]
    public async Task Counters_AgreeWithWhatWasAsked()
    {
        await using Daemon daemon = await Daemon.StartAsync("", Bench, "digits/digits-s25");
        using HttpConnection connection = daemon.Connect();
        byte[] question = Releases.Question();
        long sent = 0;
        for (int i = 0; i < 7; i++)
        {
            Assert.AreEqual(200, connection.Ask(question).Status);
            sent += question.Length - (question.AsSpan().IndexOf("\r\n\r\n"u8) + 4);
        }

        Assert.AreEqual(200, connection.Ask(Digits.Binary(0, 2)).Status);
        using var http2 = new Http2Connection(daemon.State.InferenceSocket);
        Assert.AreEqual("0", http2.Ask(Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame(GrpcMessage.Digits(1))).Status);
        Assert.AreEqual("3", http2.Ask(Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame(Proto.Text(1, "digits"))).Status);
        Assert.AreEqual(400, connection.Ask(Digits.Infer(Releases.Model, "{"u8)).Status);
        Assert.AreEqual(404, connection.Ask(Digits.Infer("nobody", "{}"u8)).Status);
        Assert.AreEqual(404, connection.Ask(Digits.Infer("nobody%22%7D%201%0Aedged_forged_total", "{}"u8)).Status);
        for (int i = 0; i < 5; i++)
        {
            Assert.AreEqual(200, connection.Get("/v2/health/ready").Status);
            Assert.AreEqual(200, connection.Get("/v2/models/bench-mlp").Status);
        }

        PrometheusText page = Scrape(daemon);
        Assert.AreEqual(7, page.Sum("edged_requests_total", ("tenant", "local"), ("model", "bench-mlp"), ("outcome", "ok")));
        Assert.AreEqual(2, page.Sum("edged_requests_total", ("tenant", "local"), ("model", "digits"), ("outcome", "ok")));
        Assert.AreEqual(1, page.Sum("edged_requests_total", ("tenant", "local"), ("model", "digits"), ("outcome", "invalid")));
        byte[] binary = Digits.Binary(0, 2);
        Assert.AreEqual(
            binary.Length - (binary.AsSpan().IndexOf("\r\n\r\n"u8) + 4) + GrpcMessage.Digits(1).Length, page.Sum("edged_request_body_bytes_total", ("model", "digits")));
        Assert.AreEqual(1, page.Sum("edged_requests_total", ("model", "bench-mlp"), ("outcome", "invalid")));
        Assert.AreEqual(1, page.Sum("edged_requests_total", ("model", "(other)"), ("outcome", "not_found")));
        Assert.AreEqual(12, page.Sum("edged_requests_total"), "neither health nor descriptions are inference");
        Assert.AreEqual(sent, page.Sum("edged_request_body_bytes_total", ("model", "bench-mlp")));
        Assert.IsGreaterThan(7 * 50, page.Sum("edged_response_body_bytes_total", ("model", "bench-mlp")));
        Assert.AreEqual(1, page.Sum("edged_refusals_total", ("cause", "head_malformed_json")));
        Assert.AreEqual(1, page.Sum("edged_refusals_total", ("cause", "model_not_found")));
        Assert.AreEqual(1, page.Sum("edged_refusals_total", ("cause", "route_unknown")), "what is no name is no model's route");
        Assert.AreEqual(4, page.Sum("edged_refusals_total"));
        foreach (string stage in new[] { "queue", "input", "infer", "output", "total" })
        {
            Assert.AreEqual(7, page.Sum("edged_request_duration_seconds_count", ("model", "bench-mlp"), ("stage", stage)));
        }

        double parts = new[] { "queue", "input", "infer", "output" }.Sum(stage => page.Sum("edged_request_duration_seconds_sum", ("model", "bench-mlp"), ("stage", stage)));
        Assert.AreEqual(page.Sum("edged_request_duration_seconds_sum", ("model", "bench-mlp"), ("stage", "total")), parts, 1e-6);
        Assert.IsGreaterThan(0, parts);

        // Labels are of closed sets.
        CollectionAssert.AreEquivalent(new[] { "bench-mlp", "digits", "(other)" }, page.Find("edged_requests_total").Select(sample => sample.Labels["model"]).Distinct().ToArray());
        CollectionAssert.AreEquivalent(new[] { "local" }, page.Find("edged_requests_total").Select(sample => sample.Labels["tenant"]).Distinct().ToArray());
        Assert.IsFalse(page.Families.ContainsKey("edged_forged_total"));

        // What is not asked for is not counted: only the scrape itself moves.
        PrometheusText again = Scrape(daemon);
        foreach (string name in new[] { "edged_requests_total", "edged_refusals_total", "edged_request_body_bytes_total", "edged_request_duration_seconds_count" })
        {
            Assert.AreEqual(page.Sum(name), again.Sum(name), name);
        }

        foreach (PrometheusFamily counter in page.Families.Values.Where(family => family.Type == "counter"))
        {
            foreach (PrometheusSample sample in counter.Samples)
            {
                Assert.IsLessThanOrEqualTo(again.Sum(sample.Name, [.. sample.Labels.Select(label => (label.Key, label.Value))]), sample.Value, sample.Name);
            }
        }
    }

    [TestMethod]
    public async Task TenantCalledOther_IsNotTakenForTheOthers()
    {
        await using Daemon daemon = await Daemon.StartAsync(
            """
            [[tenant]]
            name = "other"
            callers = ["unix:12345"]
            roles = ["infer"]
            models = ["*"]

            [[tenant]]
            name = "t"
            callers = ["self"]
            roles = ["observe", "admin"]
            """,
            Bench);
        using (HttpConnection connection = daemon.Connect())
        {
            Assert.AreEqual(403, connection.Ask(Releases.Question()).Status);
        }

        // A page with a series twice is thrown away whole by a scraper, and refused by the reader here.
        PrometheusText page = Scrape(daemon);
        Assert.AreEqual(1, page.Sum("edged_requests_total", ("tenant", "t"), ("model", "(other)"), ("outcome", "not_permitted")));
        Assert.AreEqual(0, page.Sum("edged_requests_total", ("tenant", "other")));

        // A tenant that goes takes its series along, and finds them again when it comes back.
        daemon.State.Configure("[[tenant]]\nname = \"u\"\ncallers = [\"self\"]\nroles = [\"observe\"]");
        await daemon.ReloadAsync();
        Assert.AreEqual(0, Scrape(daemon).Sum("edged_requests_total", ("outcome", "not_permitted")));
        daemon.State.Configure("[[tenant]]\nname = \"t\"\ncallers = [\"self\"]\nroles = [\"observe\"]");
        await daemon.ReloadAsync();
        Assert.AreEqual(1, Scrape(daemon).Sum("edged_requests_total", ("outcome", "not_permitted")));
    }

    [TestMethod]
    public async Task Gauges_ShowWhatIsThere()
    {
        await using Daemon daemon = await Daemon.StartAsync("[limits]\nmax_tensor_bytes = 134217728\n[engine]\nlanes = 3", Bench);
        using HttpConnection one = daemon.Connect(), other = daemon.Connect();
        Assert.AreEqual(200, one.Ask(Releases.Question()).Status);
        Assert.AreEqual(200, other.Get("/v2/health/live").Status);
        // The connection by which the daemon's start was seen may be counted for a moment longer.
        await Waiting.UntilAsync(() => Scrape(daemon).Sum("edged_connections_open", ("listener", "local")) == 2);
        PrometheusText page = Scrape(daemon);
        Assert.IsGreaterThanOrEqualTo(1, page.Sum("edged_connections_open", ("listener", "control")));
        Assert.IsGreaterThan(100, page.Sum("edged_received_bytes_total", ("listener", "local")));
        Assert.IsGreaterThan(100, page.Sum("edged_sent_bytes_total", ("listener", "local")));
        Assert.AreEqual(134217728, page.Sum("edged_tensor_memory_limit_bytes"));
        Assert.AreEqual(0, page.Sum("edged_tensor_memory_used_bytes"));
        Assert.AreEqual(3, page.Sum("edged_lanes", ("model", "bench-mlp")));
        Assert.AreEqual(0, page.Sum("edged_lanes_busy"));
        Assert.AreEqual(0, page.Sum("edged_queue_requests"));
        Assert.AreEqual(1, page.Sum("edged_models_ready"));
        Assert.AreEqual(0, page.Sum("edged_draining"));
        string digest = daemon.Model(Releases.Model).GetProperty("release_digest").GetString()!;
        Assert.AreEqual(1, page.Sum("edged_model_info", ("model", "bench-mlp"), ("release", digest[..16])));
        Assert.AreEqual(daemon.ResidentBytes, page.Sum("edged_process_resident_memory_bytes"), 64 << 20);
        Assert.IsGreaterThan(DateTimeOffset.UtcNow.ToUnixTimeSeconds(), page.Sum("edged_trust_expiry_timestamp_seconds"));
        Assert.AreEqual(DateTimeOffset.UtcNow.ToUnixTimeSeconds(), page.Sum("edged_start_timestamp_seconds") + page.Sum("edged_uptime_seconds"), 5);
        Assert.IsGreaterThan(0, page.Sum("edged_gc_heap_bytes"));

        one.Dispose();
        await Waiting.UntilAsync(() => Scrape(daemon).Sum("edged_connections_open", ("listener", "local")) == 1);
        Command.Edgectl("drain", "--socket", daemon.State.ControlSocket).Succeeded();
        await daemon.ReloadAsync();
        page = Scrape(daemon);
        Assert.AreEqual(1, page.Sum("edged_draining"));
        Assert.AreEqual(1, page.Sum("edged_reloads_total", ("outcome", "applied")));
    }

    [TestMethod]
    public async Task Page_IsTakenByPrometheusOwnReader_AndHasTheExactContentType()
    {
        await using Daemon daemon = await Daemon.StartAsync("", Bench);
        using HttpConnection connection = daemon.Connect();
        Assert.AreEqual(200, connection.Ask(Releases.Question()).Status);
        using HttpConnection control = daemon.ConnectControl();
        HttpAnswer answer = control.Get("/metrics");
        Assert.AreEqual("text/plain; version=0.0.4; charset=utf-8", answer.Headers["Content-Type"]);
        File.WriteAllText(daemon.State.At("page"), answer.Text);
        Command python = Command.Run("/usr/bin/python3", "-c", """
            import sys
            try:
                from prometheus_client.parser import text_string_to_metric_families
            except ImportError:
                sys.exit(9)
            for family in text_string_to_metric_families(open(sys.argv[1]).read()):
                for sample in family.samples:
                    print(sample.name, sample.value)
            """, daemon.State.At("page"));
        if (python.ExitCode == 9)
        {
            Assert.Inconclusive("skipped: needs Debian's python3-prometheus-client");
        }

        python.Succeeded();
        CollectionAssert.AreEquivalent(
            PrometheusText.Read(answer.Text).Families.Values.SelectMany(family => family.Samples).Select(sample => sample.Name).ToArray(),
            python.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0]).ToArray());
        Assert.IsTrue(PrometheusText.Read(answer.Text).Families.Keys.All(name => Name().IsMatch(name)));
        CollectionAssert.AreEquivalent(
            PrometheusText.Read(answer.Text).Families.Keys.ToArray(),
            PrometheusText.Read(Command.Edgectl("metrics", "--socket", daemon.State.ControlSocket).Succeeded().Output).Families.Keys.ToArray());
    }

    /// <summary>A body of unstated length counts with what came of it.</summary>
    [TestMethod]
    public async Task BodyBytes_CountChunkedBodies()
    {
        await using Daemon daemon = await Daemon.StartAsync("", "digits/digits-s25");
        using HttpConnection connection = daemon.Connect();
        string head = BadRequest.Head("UINT8", "4,1,8,8", 256);
        Assert.AreEqual(200, connection.Ask(BadRequest.Chunked("digits", head, new byte[256])).Status);
        Assert.AreEqual(head.Length + 256, Scrape(daemon).Sum("edged_request_body_bytes_total", ("model", "digits")));
    }

    internal static PrometheusText Scrape(Daemon daemon)
    {
        using HttpConnection control = daemon.ConnectControl();
        HttpAnswer answer = control.Get("/metrics");
        Assert.AreEqual(200, answer.Status, answer.Text);
        return PrometheusText.Read(answer.Text);
    }

    private static long Allocated(Daemon daemon)
    {
        using HttpConnection control = daemon.ConnectControl();
        return control.Get("/control/status").Json.GetProperty("managed_allocated_bytes").GetInt64();
    }

    // Every number says what it counts: a unit, a thing, or a total.
    [GeneratedRegex("^edged_[a-z0-9_]+$")]
    private static partial Regex Name();
}
