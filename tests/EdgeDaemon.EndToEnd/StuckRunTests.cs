using System.Diagnostics;
using System.Globalization;
using System.Text;
using EdgeDaemon.Tests.Monitoring;
using EdgeDaemon.Tests.Protocol.Grpc;
using static EdgeDaemon.EndToEnd.Waiting;

namespace EdgeDaemon.EndToEnd;

/// <summary>
/// Runs that do not end: one that can be stopped between its nodes, and one kernel that cannot. The caller is refused, others carry on, the
/// lane answers again. The control has a watch that waits longer than the kernel takes.
/// </summary>
[TestClass]
public sealed class StuckRunTests
{
    private const int Window = 60_001;
    private const int LongRow = 120_000; // Three to ten seconds of one kernel, by the machine.

    [TestMethod]
    public async Task LoopPastItsDeadline_IsStopped_AndOthersCarryOn()
    {
        using StateDirectory state = StateDirectory.Create("[engine]\nlanes = 1", "bench/bench-mlp");
        CraftedModels.Bundle(state, "loop", CraftedModels.LoopByInput(), 2);
        await using Daemon daemon = await Daemon.StartAsync(state);
        using HttpConnection caller = daemon.Connect(), other = daemon.Connect();
        for (int round = 0; round < 3; round++)
        {
            Task<HttpAnswer> endless = Task.Run(() => caller.Ask(Ask("loop", [1e18f], timeout: TimeSpan.FromSeconds(1))));
            int meanwhile = 0;
            while (!endless.IsCompleted)
            {
                Assert.AreEqual(200, other.Ask(Releases.Question()).Status);
                meanwhile++;
            }

            HttpAnswer refused = await endless;
            Assert.AreEqual((504, "the deadline passed"), (refused.Status, refused.Error));
            Assert.IsGreaterThan(10, meanwhile);

            HttpAnswer next = caller.Ask(Ask("loop", [20f]));
            Assert.AreEqual(200, next.Status, next.Text);
            Assert.AreEqual(40f, next.Json.GetProperty("outputs")[0].GetProperty("data")[0].GetSingle());
        }

        PrometheusText page = MetricsTests.Scrape(daemon);
        Assert.AreEqual(3, page.Sum("edged_engine_stopped_runs_total"));
        Assert.AreEqual(0, page.Sum("edged_engine_lost_lanes_total"));
        Assert.AreEqual(3, page.Sum("edged_refusals_total", ("cause", "admission_deadline")));
        await UntilAsync(() => daemon.Count("refused: AdmissionDeadline") == 3);
        Assert.DoesNotContain("inference runtime:", daemon.Errors, "a caller's deadline must not write the library's lines");
    }

    [TestMethod]
    public async Task CallerThatGoesAway_EndsItsRun()
    {
        using StateDirectory state = StateDirectory.Create("[engine]\nlanes = 1");
        CraftedModels.Bundle(state, "loop", CraftedModels.LoopByInput(), 2);
        await using Daemon daemon = await Daemon.StartAsync(state);
        using HttpConnection other = daemon.Connect();
        for (int round = 1; round <= 3; round++)
        {
            // Without a timeout of its own: the daemon's would let it run for a minute. The lane that is busy is to be this caller's, not that of the answer before.
            await UntilAsync(() => MetricsTests.Scrape(daemon).Sum("edged_lanes_busy", ("model", "loop")) == 0);
            HttpConnection caller = daemon.Connect();
            caller.Send(Ask("loop", [1e18f]));
            await UntilAsync(() => MetricsTests.Scrape(daemon).Sum("edged_lanes_busy", ("model", "loop")) == 1);

            // The lane is taken a moment before its run begins: who leaves in between has none that could be stopped. An idle daemon takes no such time of a core; the loop does, once it runs.
            TimeSpan before = daemon.ProcessorTime;
            await UntilAsync(() => daemon.ProcessorTime - before >= TimeSpan.FromMilliseconds(200));
            caller.Dispose();
            HttpAnswer next = other.Ask(Ask("loop", [20f], TimeSpan.FromSeconds(20)));
            Assert.AreEqual(200, next.Status, next.Text);
        }

        PrometheusText page = MetricsTests.Scrape(daemon);
        Assert.AreEqual(3, page.Sum("edged_engine_stopped_runs_total"));
        Assert.AreEqual(0, page.Sum("edged_engine_lost_lanes_total"));
        Assert.AreEqual(0, page.Sum("edged_refusals_total", ("cause", "admission_deadline")));
    }

    [TestMethod]
    public async Task KernelThatDoesNotReturn_CostsItsLane_WhichIsReplaced()
    {
        using StateDirectory state = StateDirectory.Create("[engine]\nlanes = 1\nstuck_after_seconds = 1", "bench/bench-mlp");
        CraftedModels.Bundle(state, "pool", CraftedModels.Pooling(Window), 1, controlFlow: false);
        await using Daemon daemon = await Daemon.StartAsync(state);
        using HttpConnection caller = daemon.Connect(), other = daemon.Connect();
        double idle = MetricsTests.Scrape(daemon).Sum("edged_tensor_memory_used_bytes");

        var waited = Stopwatch.StartNew();
        HttpAnswer refused = caller.Ask(Long());
        Assert.AreEqual((504, "the deadline passed"), (refused.Status, refused.Error));
        PrometheusText page = MetricsTests.Scrape(daemon);
        Assert.AreEqual(1, page.Sum("edged_lanes_lost", ("model", "pool")), $"refused after {waited.Elapsed} while the kernel goes on");
        Assert.AreEqual(1, page.Sum("edged_engine_lost_lanes_total"));
        Assert.IsGreaterThanOrEqualTo(idle + (LongRow * 4), page.Sum("edged_tensor_memory_used_bytes"), "what the kernel reads is still its own");
        Assert.AreEqual(0, page.Sum("edged_tenant_requests_in_flight", ("tenant", "local")), "the caller's place is free");
        await UntilAsync(() => daemon.Count("its lane is lost") == 1);
        StringAssert.Contains(Command.Edgectl("status", "--socket", state.ControlSocket).Succeeded().Output, "1 LANES WERE LOST", StringComparison.Ordinal);

        // The same connection, the same model, and others: while the kernel is still inside.
        HttpAnswer next = caller.Ask(Ask("pool", [3f, 5f, 4f]));
        Assert.AreEqual(200, next.Status, next.Text);
        CollectionAssert.AreEqual((float[])[5, 5, 5], next.Json.GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(value => value.GetSingle()).ToArray());
        Assert.AreEqual(200, other.Ask(Releases.Question()).Status);
        Assert.AreEqual(1, MetricsTests.Scrape(daemon).Sum("edged_lanes_lost", ("model", "pool")), "all of that beside it");

        await UntilAsync(() => MetricsTests.Scrape(daemon).Sum("edged_lanes_lost", ("model", "pool")) == 0);
        await UntilAsync(() => MetricsTests.Scrape(daemon).Sum("edged_tensor_memory_used_bytes") == idle);
        await UntilAsync(() => daemon.Count("has come back") == 1);
        Assert.AreEqual(200, caller.Ask(Ask("pool", [1f])).Status);

        // A daemon that stops does not wait for one either.
        Assert.AreEqual(504, caller.Ask(Long()).Status);
        await daemon.StopAsync();
    }

    [TestMethod]
    public async Task KernelThatDoesNotReturn_KeepsItsCaller_WhereNobodyGivesItUp()
    {
        using StateDirectory state = StateDirectory.Create("[engine]\nlanes = 1\nstuck_after_seconds = 3600", "bench/bench-mlp");
        CraftedModels.Bundle(state, "pool", CraftedModels.Pooling(Window), 1, controlFlow: false);
        await using Daemon daemon = await Daemon.StartAsync(state);
        using HttpConnection caller = daemon.Connect();
        Task<HttpAnswer> asked = Task.Run(() => caller.Ask(Long(2 * LongRow))); // Longer than the deadline and what is waited behind it, on any machine.
        await UntilAsync(() => MetricsTests.Scrape(daemon).Sum("edged_engine_stopped_runs_total") == 1);
        await Task.Delay(TimeSpan.FromSeconds(2)); // The other test's caller had its answer by now.
        Assert.IsFalse(asked.IsCompleted);
        Assert.AreEqual(1, MetricsTests.Scrape(daemon).Sum("edged_lanes_busy", ("model", "pool")));
        Assert.AreEqual(504, (await asked).Status);
        Assert.AreEqual(0, MetricsTests.Scrape(daemon).Sum("edged_engine_lost_lanes_total"));
        Assert.AreEqual(200, caller.Ask(Ask("pool", [1f])).Status);
    }

    [TestMethod]
    public async Task CallsOverGrpc_AreRefusedBesideTheirKernel_AndTheirConnectionGoesOn()
    {
        using StateDirectory state = StateDirectory.Create("[engine]\nlanes = 1\nstuck_after_seconds = 1");
        CraftedModels.Bundle(state, "pool", CraftedModels.Pooling(Window), 1, controlFlow: false);
        await using Daemon daemon = await Daemon.StartAsync(state);
        using var connection = new Http2Connection(state.InferenceSocket);
        byte[] brief = GrpcMessage.Frame(Message(3));
        Http2Answer refused = connection.Ask(Http2Connection.Call(GrpcMessage.Infer, ("grpc-timeout", "500m")), GrpcMessage.Frame(Message(LongRow)));
        Assert.AreEqual("4", refused.Status, refused.Message);
        Assert.AreEqual(1, MetricsTests.Scrape(daemon).Sum("edged_lanes_lost", ("model", "pool")));
        Assert.AreEqual("0", connection.Ask(Http2Connection.Call(GrpcMessage.Infer), brief).Status);
        await UntilAsync(() => MetricsTests.Scrape(daemon).Sum("edged_lanes_lost", ("model", "pool")) == 0);

        // A stream's message is refused in its place, and the next one is answered: with memory that is not the kernel's.
        byte[] late = Message(LongRow, Proto.Field(4, Proto.Text(1, "timeout"), Proto.Field(2, Proto.Number(2, 500_000))));
        Http2Answer stream = connection.Ask(Http2Connection.Call(GrpcMessage.Stream), [.. GrpcMessage.Frame(late), .. brief]);
        Assert.AreEqual("0", stream.Status, stream.Message);
        StringAssert.Contains(Encoding.Latin1.GetString(stream.Data), "the deadline passed", StringComparison.Ordinal);
        Assert.IsGreaterThanOrEqualTo(0, stream.Data.AsSpan().IndexOf([.. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(1f)]));
        PrometheusText page = MetricsTests.Scrape(daemon);
        Assert.AreEqual(1, page.Sum("edged_lanes_lost", ("model", "pool")), "all of it beside the kernel");
        Assert.AreEqual(2, page.Sum("edged_engine_lost_lanes_total"));
        await UntilAsync(() => MetricsTests.Scrape(daemon).Sum("edged_lanes_lost", ("model", "pool")) == 0);
    }

    /// <summary>A certification's run hangs: its caller is refused, what it drew and holds is its own until the kernel returns, and everybody else goes on, on the same connection, too.</summary>
    [TestMethod]
    public async Task CertificationWhoseKernelDoesNotReturn_IsRefusedBesideIt_AndItsMemoryGoesWithIt()
    {
        const int Batch = 300;
        using StateDirectory state = StateDirectory.Create("[engine]\nlanes = 1\nstuck_after_seconds = 1");
        CraftedModels.Certifying(state, "slow", Window, Batch);
        await using Daemon daemon = await Daemon.StartAsync(state);
        using HttpConnection caller = daemon.Connect();
        double idle = MetricsTests.Scrape(daemon).Sum("edged_tensor_memory_used_bytes");
        Assert.AreEqual(200, caller.Ask(Pair("")).Status, "control: one row takes no time");

        HttpAnswer refused = caller.Ask(Pair("\"parameters\":{\"certify\":true,\"max_samples\":1000,\"timeout\":300000},"));
        Assert.AreEqual((504, "the deadline passed"), (refused.Status, refused.Error));
        PrometheusText page = MetricsTests.Scrape(daemon);
        Assert.AreEqual(1, page.Sum("edged_lanes_lost", ("model", "slow")), "the kernel goes on");
        Assert.AreEqual(1, page.Sum("edged_engine_lost_lanes_total"));
        Assert.AreEqual(0, page.Sum("edged_tenant_requests_in_flight", ("tenant", "local")), "the caller's place is free");
        Assert.IsGreaterThanOrEqualTo(idle + (2 * Batch * 2 * sizeof(float)), page.Sum("edged_tensor_memory_used_bytes"), "the rows that the kernel reads, and those beside them");

        HttpAnswer next = caller.Ask(Pair(""));
        Assert.AreEqual(200, next.Status, next.Text);
        Assert.AreEqual(1, MetricsTests.Scrape(daemon).Sum("edged_lanes_lost", ("model", "slow")), "all of that beside it");
        await UntilAsync(() => MetricsTests.Scrape(daemon).Sum("edged_lanes_lost", ("model", "slow")) == 0);
        await UntilAsync(() => MetricsTests.Scrape(daemon).Sum("edged_tensor_memory_used_bytes") == idle);
        Assert.AreEqual(200, caller.Ask(Pair("")).Status);

        static byte[] Pair(string parameters) => Digits.Infer("slow", Encoding.ASCII.GetBytes($$"""{{{parameters}}"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[0.5,0]}]}"""));
    }

    private static byte[] Message(int length, params byte[][] more) => Proto.Join(
        [Proto.Text(1, "pool"), .. more, Proto.Input("x", "FP32", [1, 1, length]), Proto.Field(7, [.. Enumerable.Repeat(BitConverter.GetBytes(1f), length).SelectMany(bytes => bytes)])]);

    private static byte[] Long(int row = LongRow) => Ask("pool", Enumerable.Repeat(1f, row), TimeSpan.FromMilliseconds(500));

    private static byte[] Ask(string model, IEnumerable<float> values, TimeSpan? timeout = null)
    {
        float[] all = [.. values];
        string shape = model == "pool" ? $"[1,1,{all.Length}]" : "[1]";
        string parameters = timeout is { } time ? string.Create(CultureInfo.InvariantCulture, $"\"parameters\":{{\"timeout\":{time.TotalMicroseconds:0}}},") : "";
        return Digits.Infer(model, Encoding.UTF8.GetBytes(
            $"{{{parameters}\"inputs\":[{{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":{shape},\"data\":[{string.Join(',', all.Select(value => value.ToString("R", CultureInfo.InvariantCulture)))}]}}]}}"));
    }
}
