using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace EdgeDaemon.EndToEnd;

/// <summary>
/// Two tenants, two users of the device, on one lane: what one asks costs ten times what the other asks, and one of them floods. Each keeps nine tenths of its share of the
/// lane's time, counted from outside: answers, by what one of each kind took alone. As one tenant (the control) whoever does not flood keeps next to nothing.
/// </summary>
[TestClass]
[DoNotParallelize]
public sealed class FairnessTests
{
    private const int Other = 61003;
    private const int Light = 4_000; // turns of a loop
    private const int Heavy = 10 * Light;

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
        double ratio = CostRatio(daemon);
        Assert.IsTrue(ratio is > 5 and < 15, $"control: the costs differ {ratio:0.0} times");

        // The victim always has somebody who waits, and no more than that.
        (int turns, int flood) = heavyFloods ? (Light, Heavy) : (Heavy, Light);
        DateTimeOffset begin = DateTimeOffset.UtcNow.AddSeconds(2), end = begin.AddSeconds(6);
        Process flooding = new OtherUser(state, Other).Load(Ask(flood), heavyFloods ? 48 : 160, begin, end);
        JsonElement kept = OtherUser.Result(new OtherUser(state, 0).Load(Ask(turns), 6, begin, end)), flooded = OtherUser.Result(flooding);
        TestContext.WriteLine($"{ratio:0.00}: {kept.GetRawText()} against {flooded.GetRawText()}");
        double mine = OtherUser.Count(kept, "200") * (heavyFloods ? 1 : ratio), others = OtherUser.Count(flooded, "200") * (heavyFloods ? ratio : 1);
        double share = mine / (mine + others);
        if (apart)
        {
            Assert.IsTrue(share is >= 0.45 and <= 0.55, $"{share:0.000} of the lane's time, its share is a half");
        }
        else
        {
            Assert.IsLessThan(0.36, share, "the flood does no harm: the test shows nothing");
        }
    }

    // In turn, so that what the machine does besides meets both.
    private static double CostRatio(Daemon daemon)
    {
        using HttpConnection connection = daemon.Connect();
        var times = new Dictionary<int, List<double>> { [Light] = [], [Heavy] = [] };
        for (int i = 0; i < 40; i++)
        {
            int turns = i % 2 == 0 ? Light : Heavy;
            long start = Stopwatch.GetTimestamp();
            Assert.AreEqual(200, connection.Ask(Ask(turns)).Status);
            times[turns].Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return times[Heavy].Order().ElementAt(10) / times[Light].Order().ElementAt(10);
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
