using EdgeDaemon.Engine;
using EdgeDaemon.Models;
using EdgeDaemon.Tests.Engine.Voting;

namespace EdgeDaemon.Tests.Models;

/// <summary>What runs before a release serves, seen by what its lanes know and hold afterwards.</summary>
[TestClass]
public sealed class WarmUpTests
{
    private const int Row = VotingModel.Features * sizeof(float);

    /// <summary>Where each lane has a session of its own, each runs; where they share one, one does, and all know how long it took. Before (the control) nobody knows anything.</summary>
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Every_session_runs_a_row_of_the_contract_and_every_lane_knows_how_long_it_takes(bool sessionPerLane)
    {
        float[] weights = [1, 0, 0, 1];
        using var model = new VotingModel("rule = \"mean\"", 2, [("a", VotingModel.Linear(weights)), ("b", VotingModel.Linear(weights))], lanes: 3);
        CollectionAssert.AreEqual((string[])["False 0", "False 0", "False 0"], Lanes());
        WarmUp.Run(model.Engine, model.Manifest, new ModelContract(model.Manifest), model.Memory, _ => default, new LanePlan(3, 1, sessionPerLane, "test"), zeros: true);
        string[] lanes = Lanes();
        Assert.IsTrue(Array.TrueForAll(lanes, lane => lane.StartsWith("True ", StringComparison.Ordinal)), string.Join(", ", lanes));
        Assert.AreEqual(sessionPerLane ? 0 : 2, lanes.Count(lane => lane == "True 0"), string.Join(", ", lanes));
        Assert.AreEqual(0, model.Memory.InUse);

        string[] Lanes()
        {
            var all = new List<Lane>();
            while (model.Engine.TryEnter(out Lane lane))
            {
                all.Add(lane);
            }

            string[] told = [.. all.OrderBy(lane => lane.Index).Select(lane => $"{lane.ExpectedTicks(Row) > 1} {lane.PeakBytes}")];
            all.ForEach(model.Engine.Leave);
            return told;
        }
    }
}
