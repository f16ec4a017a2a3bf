using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Core.Smoothing.Statistics;

namespace EdgeDaemon.Tests.Smoothing.Boundaries;

/// <summary>The check values of smoothing's reference, section 3.4: alpha 0.001, looks every 100 of 131,100 samples, p0 = Phi(k).</summary>
[TestClass]
public sealed class ReferenceTableTests
{
    private const int None = BoundaryTable.Never;

    private static readonly LookSchedule Looks = LookSchedule.Every(100, 131_100);
    private static readonly int[] At = [100, 200, 500, 1000, 5000, 10_000, 50_000, 100_000, 131_100];

    [TestMethod]
    [DataRow(1, 4.084, 0.00099250, 96, 186, 451, 886, 4312, 8566, 42_426, 84_651, 110_896)]
    [DataRow(2, 3.767, 0.00099834, None, None, 499, 993, 4927, 9832, 49_005, 97_931, 128_355)]
    [DataRow(3, 2.932, 0.00098087, None, None, None, None, None, 9999, 49_964, 99_911, 130_977)]
    public void Certifying(int k, double c, double error, params int[] expected)
    {
        double p0 = CertifiedRadius.Probability(k, 1);
        Check(p0, c, error, expected);
        int first = Array.FindIndex(BettingShape.Instance.Bounds(Looks, p0, c), bound => bound != None);
        Assert.AreEqual(k switch { 1 => 100, 2 => 400, _ => 5900 }, Looks[first], "the first look that can certify");
    }

    // 0.00100052 is above alpha: the reference says so itself, and no such table may be made.
    [TestMethod]
    [DataRow(1, 3.815, 0.00098347, 31, 53, 112, 206, 901, 1741, 8291, 16_380, 21_392)]
    [DataRow(2, 3.671, 0.00100052, 10, 15, 26, 44, 159, 292, 1285, 2486, 3225)]
    [DataRow(3, 3.844, 0.00099897, 3, 4, 6, 8, 20, 32, 107, 190, 240)]
    public void Giving_up(int k, double c, double error, params int[] expected) => Check(1 - CertifiedRadius.Probability(k, 1), c, error, expected);

    [TestMethod]
    [DataRow(0.60, 0.00067, 0.00036)]
    [DataRow(0.80, 0.00054, 0.00028)]
    [DataRow(0.90, 0.00039, 0.00019)]
    [DataRow(0.99, 0.00012, 0.00006)]
    public void What_published_thresholds_leave_unspent(double p0, double half, double full)
    {
        // The reference looks after every sample; a table's limit is 20,000 looks, so the same is shown here over fewer samples, from above.
        LookSchedule each = LookSchedule.Every(1, 20_000);
        double atHalf = ExactError.Of(p0, each, BettingShape.Instance.Bounds(each, p0, -Math.Log(0.002)));
        double atFull = ExactError.Of(p0, each, BettingShape.Instance.Bounds(each, p0, -Math.Log(0.001)));
        Assert.IsTrue(atHalf <= half + 0.000005 && atHalf > half * 0.6, $"{atHalf}");
        Assert.IsTrue(atFull <= full + 0.000005 && atFull > full * 0.6, $"{atFull}");
    }

    [TestMethod]
    [DataRow(1, 4.084)]
    [DataRow(2, 3.767)]
    [DataRow(3, 2.932)]
    public void The_references_shape_calibrates_to_its_thresholds(int k, double c)
    {
        double p0 = CertifiedRadius.Probability(k, 1);
        int[] bounds = BoundaryBuilder.Calibrated(BettingShape.Instance, p0, 0.001, Looks);
        int[] stated = BettingShape.Instance.Bounds(Looks, p0, c);
        for (int i = 0; i < bounds.Length; i++)
        {
            Assert.IsTrue(bounds[i] == stated[i] || Math.Abs(bounds[i] - stated[i]) <= 2, $"{Looks[i]}: {bounds[i]}, by the stated threshold {stated[i]}");
        }

        Assert.IsLessThanOrEqualTo(0.001, ExactError.Of(p0, Looks, bounds));
    }

    private static void Check(double p0, double c, double error, int[] expected)
    {
        int[] bounds = BettingShape.Instance.Bounds(Looks, p0, c);
        CollectionAssert.AreEqual(expected, At.Select(n => bounds[(n / 100) - 1]).ToArray());
        Assert.AreEqual(error, ExactError.Of(p0, Looks, bounds), 0.000000005);
    }
}
