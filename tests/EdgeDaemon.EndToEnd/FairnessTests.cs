using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using EdgeDaemon.Tests.Monitoring;

namespace EdgeDaemon.EndToEnd;

/// <summary>
/// Two tenants, two users of the device, on one lane: what one asks costs ten times what the other asks, and one of them floods. Each keeps nine tenths of its share of the
/// lane's time, by the tenants' own counters and by what was answered. As one tenant (the control) whoever does not flood keeps next to nothing.
/// </summary>
[TestClass]
[DoNotParallelize]
public sealed class FairnessTests
{
    private const int Other = 61003;
    private const int Light = 4_000; // turns of a loop
    private const int Heavy = 10 * Light;
    private const string LaneSeconds = "edged_tenant_lane_seconds_total";

    public required TestContext TestContext { get; init; }

    [TestMethod]
    [DataRow(true, true)]
    [DataRow(true, false)]
    [DataRow(false, true)]
    [DataRow(false, false)]
    public async Task WhoeverFloods_EachKeepsItsShareOfTheTime(bool apart, bool heavyFloods)
    {
        OtherUser.Require();
        using StateDirectory state = StateDirectory.Create();
        CraftedModels.Bundle(state, "loop", CraftedModels.LoopByInput(), 2);
        state.Configure("[engine]\nlanes = 1\nqueue = 400\n" + (apart
            ? Tenant("main", "self") + Tenant("other", $"unix:{Other}")
            : Tenant("all", $"self\", \"unix:{Other}")), inferenceMode: "0660");
        OtherUser.Admit(state);
        await using Daemon daemon = await Daemon.StartAsync(state);

        // The victim always has somebody who waits, and no more than that.
        (int turns, int flood) = heavyFloods ? (Light, Heavy) : (Heavy, Light);
        DateTimeOffset begin = DateTimeOffset.UtcNow.AddSeconds(2), end = begin.AddSeconds(7);
        Process flooding = new OtherUser(state, Other).Load(Ask(flood), heavyFloods ? 48 : 240, begin, end);
        Process victim = new OtherUser(state, 0).Load(Ask(turns), 6, begin, end);
        await Task.Delay(begin.AddSeconds(1) - DateTimeOffset.UtcNow);
        PrometheusText before = MetricsTests.Scrape(daemon);
        await Task.Delay(end.AddSeconds(-0.5) - DateTimeOffset.UtcNow);
        PrometheusText after = MetricsTests.Scrape(daemon);
        JsonElement kept = OtherUser.Result(victim), flooded = OtherUser.Result(flooding);

        // Beside it by what each kind nominally costs: that depends on nobody's clock, and a busy machine moves it.
        double mine = OtherUser.Count(kept, "200") * (heavyFloods ? 1.0 : 10), others = OtherUser.Count(flooded, "200") * (heavyFloods ? 10.0 : 1), nominal = mine / (mine + others);
        if (!apart)
        {
            TestContext.WriteLine($"{kept.GetRawText()} against {flooded.GetRawText()}: nominally {nominal:0.000}");
            Assert.IsLessThan(0.33, nominal, "the flood does no harm: the test shows nothing");
            return;
        }

        double own = Grown("main"), time = own / (own + Grown("other"));
        TestContext.WriteLine($"{kept.GetRawText()} against {flooded.GetRawText()}: {time:0.000} of the lane's time, nominally {nominal:0.000}");
        Assert.IsTrue(time is >= 0.45 and <= 0.55, $"{time:0.000} of the lane's time, its share is a half");
        Assert.IsTrue(nominal is >= 0.33 and <= 0.67, $"{nominal:0.000} of what was answered, by its nominal cost");

        double Grown(string tenant) => after.Sum(LaneSeconds, ("tenant", tenant)) - before.Sum(LaneSeconds, ("tenant", tenant));
    }

    private static byte[] Ask(int turns) => Digits.Infer(
        "loop", Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[{{turns}}]}]}""")));

    private static string Tenant(string name, string caller) => $"""

        [[tenant]]
        name = "{name}"
        callers = ["{caller}"]
        roles = ["infer", "observe"]
        models = ["*"]

        """;
}
