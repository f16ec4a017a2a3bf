using System.Text;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;
using EdgeDaemon.Pipeline;
using EdgeDaemon.Tests.Engine.Voting;

namespace EdgeDaemon.Tests.Pipeline;

[TestClass]
public sealed class VoteReportTests
{
    [TestMethod]
    [DataRow("", false)]
    [DataRow("\"votes\": false", false)]
    [DataRow("\"votes\": true", true)]
    [DataRow("\"votes\": null", false)]
    [DataRow("\"other\": 1, \"votes\": true", true)]
    public void Votes_are_wanted_when_a_request_says_true(string parameters, bool wanted) => Assert.AreEqual(wanted, VoteReport.IsWanted(Read(parameters)));

    [TestMethod]
    [DataRow("\"votes\": 1")]
    [DataRow("\"votes\": \"true\"")]
    [DataRow("\"votes\": 0.0")]
    public void What_is_no_truth_value_is_refused(string parameters) =>
        Assert.AreEqual(Refusal.HeadParameterUnsupported, Assert.ThrowsExactly<RefusedException>(() => VoteReport.IsWanted(Read(parameters))).Refusal);

    [TestMethod]
    public void A_model_of_one_member_has_none_to_tell() =>
        Assert.AreEqual(Refusal.HeadParameterUnsupported, Assert.ThrowsExactly<RefusedException>(() => VoteReport.RequireVotes(null)).Refusal);

    [TestMethod]
    public void Every_parameter_is_a_JSON_text_with_an_element_for_each_row()
    {
        using VotingModel model = Model();
        VoteReport.RequireVotes(model.Engine.Ensemble);
        model.Ask([1, 0, 0, 1], lane =>
        {
            // Over [1, 0]: a and b choose 0, c chooses 1. Over [0, 1]: all choose 1.
            ResponseParameter[] all = VoteReport.Of(new RunAnswer(lane, 0, 0, 0, 0, 0));
            CollectionAssert.AreEqual((string[])["agreement", "entropy", "members", "failed_members"], all.Select(parameter => parameter.Name).ToArray());
            Assert.IsTrue(all.All(parameter => parameter.Kind == InferParameterKind.Text));
            Assert.AreEqual("[0.6666667,1]", all[0].Text);
            Assert.AreEqual("""{"a":[0,1],"b":[0,1],"c":[1,1]}""", all[2].Text);
            Assert.AreEqual("[]", all[3].Text);

            // A part of a batch is somebody's request.
            ResponseParameter[] second = VoteReport.Of(new RunAnswer(lane, runRows: 2, firstRow: 1, rows: 1, 0, 0));
            Assert.AreEqual("[1]", second[0].Text);
            Assert.AreEqual("""{"a":[1],"b":[1],"c":[1]}""", second[2].Text);
            Assert.AreEqual(all[1].Text![(all[1].Text!.IndexOf(',', StringComparison.Ordinal) + 1)..], second[1].Text![1..]);
            return 0;
        });
    }

    [TestMethod]
    public void Who_has_no_class_is_null()
    {
        using VotingModel model = Model();
        model.Ask([float.PositiveInfinity, 0], lane =>
        {
            ResponseParameter[] all = VoteReport.Of(new RunAnswer(lane, 0, 0, 0, 0, 0));
            Assert.AreEqual("[0]", all[0].Text);
            Assert.AreEqual("[null]", all[1].Text);
            Assert.AreEqual("""{"a":[null],"b":[null],"c":[null]}""", all[2].Text);
            return 0;
        });
    }

    [TestMethod]
    public void More_rows_than_anybody_reads_are_refused()
    {
        using VotingModel model = Model();
        foreach (int rows in (int[])[VoteReport.MostRows + 1, 5000])
        {
            model.Ask(new float[2 * rows], lane => Assert.ThrowsExactly<RefusedException>(() => VoteReport.Of(new RunAnswer(lane, 0, 0, 0, 0, 0))));
        }

        Assert.HasCount(4, model.Ask(new float[2 * VoteReport.MostRows], lane => VoteReport.Of(new RunAnswer(lane, 0, 0, 0, 0, 0))));
    }

    private static VotingModel Model() =>
        new("rule = \"mean\"", 2, [("a", VotingModel.Linear([2, 1, 0, 3])), ("b", VotingModel.Linear([3, 0, 0, 1])), ("c", VotingModel.Linear([0, 1, 0, 2]))]);

    private static InferRequest Read(string parameters)
    {
        var request = new InferRequest();
        InferRequestReader.Read(Encoding.UTF8.GetBytes($"{{\"inputs\":[],\"parameters\":{{{parameters}}}}}"), ProtocolLimits.Default, request);
        return request;
    }
}
