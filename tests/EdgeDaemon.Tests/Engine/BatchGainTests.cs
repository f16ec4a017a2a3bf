using EdgeDaemon.Engine;

namespace EdgeDaemon.Tests.Engine;

[TestClass]
public sealed class BatchGainTests
{
    [TestMethod]
    public void What_nobody_measured_is_not_worth_it_and_a_size_stands_for_what_is_below_it()
    {
        BatchGain gain = Make((4, 0.5), (8, 1.0));
        Assert.AreEqual(double.PositiveInfinity, gain.PartOf(2));
        Assert.AreEqual(0.5, gain.PartOf(3));
        Assert.AreEqual(0.5, gain.PartOf(4));
        Assert.AreEqual(double.PositiveInfinity, gain.PartOf(5), "measured not to be faster");
        Assert.AreEqual(double.PositiveInfinity, gain.PartOf(9));
    }

    [TestMethod]
    public void What_happens_corrects_what_was_measured_in_either_direction()
    {
        BatchGain gain = Make((4, 0.5));
        gain.LearnTogether(4, 400, 4000);
        Assert.AreEqual(0.5, gain.PartOf(4), "nobody knows what one of them takes alone");
        gain.LearnAlone(100, 1000);
        for (int i = 0; i < 12; i++)
        {
            gain.LearnTogether(4, 400, 4400);
        }

        Assert.AreEqual(double.PositiveInfinity, gain.PartOf(4));
        for (int i = 0; i < 12; i++)
        {
            gain.LearnTogether(4, 400, 1200);
        }

        Assert.AreEqual(0.3, gain.PartOf(4), 0.1);
    }

    [TestMethod]
    public void What_was_promising_is_tried_again_now_and_then_and_nothing_else()
    {
        BatchGain gain = Make((4, 0.5), (8, 1.0));
        gain.LearnAlone(100, 1000);
        for (int i = 0; i < 12; i++)
        {
            gain.LearnTogether(4, 400, 8000);
        }

        int[] trials = [.. Enumerable.Range(0, 640).Where(_ => gain.TryAgain(4))];
        Assert.HasCount(10, trials);
        Assert.IsFalse(Enumerable.Range(0, 640).Any(_ => gain.TryAgain(8) || gain.TryAgain(2)));
    }

    private static BatchGain Make(params (int, double)[] measured) => new(new BatchRule(64, [], default, [.. measured], _ => { }));
}
