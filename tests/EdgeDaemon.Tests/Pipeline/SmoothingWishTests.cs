using System.Text;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Pipeline;

namespace EdgeDaemon.Tests.Pipeline;

[TestClass]
public sealed class SmoothingWishTests
{
    [TestMethod]
    [DataRow("")]
    [DataRow("\"certify\": false")]
    [DataRow("\"radius\": 0.5, \"alpha\": \"nonsense\", \"max_samples\": 0")]
    [DataRow("\"certify\": false, \"radius\": []")]
    public void Without_certify_the_other_parameters_are_somebody_elses(string parameters) => Assert.IsNull(SmoothingWish.Of(Read(parameters)));

    [TestMethod]
    public void Every_parameter_is_read_as_a_number_or_as_a_text_of_one()
    {
        foreach (string parameters in (string[])[
            "\"certify\": true, \"sigma\": 0.25, \"radius\": 0.5, \"alpha\": 0.001, \"max_samples\": 4000, \"time_budget_ms\": 250, \"certificate\": true, \"reveal_seed\": true",
            "\"certify\": \"certify\", \"sigma\": \"0.25\", \"radius\": \"5e-1\", \"alpha\": \"0.001\", \"max_samples\": \"4000\", \"time_budget_ms\": \"250\", \"certificate\": true, \"reveal_seed\": true"])
        {
            SmoothingWish wish = SmoothingWish.Of(Read(parameters))!;
            Assert.AreEqual((false, 0.25, 0.001, 4000L, TimeSpan.FromMilliseconds(250), true, true), (wish.Predicts, wish.Sigma, wish.Alpha, wish.MaxSamples, wish.Time, wish.Certificate, wish.RevealSeed));
            CollectionAssert.AreEqual(new[] { 0.5 }, wish.Radii.ToArray());
        }

        Assert.IsTrue(SmoothingWish.Of(Read("\"certify\": \"predict\", \"max_samples\": 64"))!.Predicts);
    }

    [TestMethod]
    [DataRow("\"radii\": \"0.125,0.25,1\"", "0.125 0.25 1", false)]
    [DataRow("\"radii\": \"0.5\"", "0.5", false)]
    [DataRow("\"radii\": 2", "2", false)]
    [DataRow("\"radii\": \"all\"", "", true)]
    public void A_ladder_is_one_text(string parameters, string expected, bool every)
    {
        SmoothingWish wish = SmoothingWish.Of(Read("\"certify\": true, " + parameters))!;
        Assert.AreEqual((expected, every), (string.Join(' ', wish.Radii), wish.EveryRadius));
    }

    [TestMethod]
    [DataRow("\"certify\": 1", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": \"yes\"", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": {}", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": [true]", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": true, \"sigma\": [0.25]", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": true, \"sigma\": {\"value\": 0.25}", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": true, \"radius\": []", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": true, \"radii\": [0.1, 0.2]", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": true, \"alpha\": {}", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": true, \"max_samples\": [100]", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": true, \"time_budget_ms\": {\"ms\": 5}", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": true, \"certificate\": [true]", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": true, \"certificate\": true, \"reveal_seed\": {}", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": true, \"sigma\": true", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": true, \"sigma\": \"0,25\"", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": true, \"alpha\": \"NaN\"", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": true, \"sigma\": \"0.25\\u0000\"", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": true, \"radii\": \"0.1\\u0000,0.2\"", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": true, \"alpha\": 1e999", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": true, \"radius\": \"Infinity\"", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": true, \"radii\": \"\"", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": true, \"radii\": \"0.1,\"", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": true, \"radii\": \"0.1, 0.2\"", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": true, \"radii\": \"0.2,0.1\"", Refusal.SmoothingConflict)]
    [DataRow("\"certify\": true, \"radii\": \"0.1,0.1\"", Refusal.SmoothingConflict)]
    [DataRow("\"certify\": true, \"radius\": 0.5, \"radii\": \"0.5\"", Refusal.SmoothingConflict)]
    [DataRow("\"certify\": true, \"max_samples\": 0", Refusal.SmoothingNoBudget)]
    [DataRow("\"certify\": true, \"max_samples\": -5", Refusal.SmoothingNoBudget)]
    [DataRow("\"certify\": true, \"max_samples\": 10.5", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": true, \"time_budget_ms\": 0", Refusal.SmoothingNoBudget)]
    [DataRow("\"certify\": true, \"time_budget_ms\": -1", Refusal.SmoothingNoBudget)]
    [DataRow("\"certify\": true, \"certificate\": 1", Refusal.HeadParameterUnsupported)]
    [DataRow("\"certify\": true, \"reveal_seed\": true", Refusal.SmoothingConflict)]
    [DataRow("\"certify\": \"predict\", \"radius\": 0.5", Refusal.SmoothingConflict)]
    [DataRow("\"certify\": \"predict\", \"certificate\": true", Refusal.SmoothingConflict)]
    public void What_makes_no_question_is_refused_for_what_is_wrong_with_it(string parameters, Refusal expected) =>
        Assert.AreEqual(expected, Assert.ThrowsExactly<RefusedException>(() => SmoothingWish.Of(Read(parameters))).Refusal);

    internal static InferRequest Read(string parameters)
    {
        var request = new InferRequest();
        byte[] json = Encoding.UTF8.GetBytes($"{{\"inputs\":[{{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,2],\"data\":[1,2]}}]{(parameters.Length > 0 ? $",\"parameters\":{{{parameters}}}" : "")}}}");
        InferRequestReader.Read(json, new ProtocolLimits { MaxHeadBytes = 10_000, MaxDepth = 10, MaxTensors = 4 }, request);
        return request;
    }
}
