using EdgeDaemon.Core.Smoothing.Statistics;

namespace EdgeDaemon.Tests.Smoothing.Statistics;

[TestClass]
public sealed class StatisticsTests
{
    // Smoothing's reference, section 2.4: largest R / sigma when all n samples agree. (It has 3.812 for alpha = 0.001 and n = 100,000; the value is
    // 3.81146 by 40 digits, so 3.811 stands here.)
    [TestMethod]
    [DataRow(0.01, 2.605, 3.314, 3.911, 4.435)]
    [DataRow(0.001, 2.463, 3.199, 3.811, 4.347)]
    [DataRow(0.0001, 2.359, 3.115, 3.740, 4.283)]
    public void Ceilings_are_the_references(double alpha, double thousand, double tenThousand, double hundredThousand, double million)
    {
        (int N, double Ceiling)[] ceilings = [(1000, thousand), (10_000, tenThousand), (100_000, hundredThousand), (1_000_000, million)];
        foreach ((int n, double ceiling) in ceilings)
        {
            Assert.AreEqual(ceiling, CertifiedRadius.Of(ClopperPearson.Lower(n, n, alpha), 1), 0.00051, $"{n}");
        }
    }

    [TestMethod]
    public void Nothing_is_certified_at_one_half_or_below()
    {
        Assert.AreEqual(0, CertifiedRadius.Of(0.5, 1));
        Assert.AreEqual(0, CertifiedRadius.Of(0.3, 1));
        Assert.AreEqual(0, CertifiedRadius.Of(0, 1));
        Assert.IsGreaterThanOrEqualTo(0, CertifiedRadius.Of(Math.BitIncrement(0.5), 1));
    }

    [TestMethod]
    public void A_radius_and_its_probability_round_to_opposite_sides()
    {
        var random = new Random(7);
        for (int i = 0; i < 2000; i++)
        {
            double sigma = 0.05 + random.NextDouble();
            double radius = random.NextDouble() * 4 * sigma;
            double p0 = CertifiedRadius.Probability(radius, sigma);

            // Whoever is not above p0 does not get the radius (beyond where p0 has digits left).
            Assert.IsGreaterThanOrEqualTo(radius - (1e-9 * sigma), CertifiedRadius.Of(Math.BitIncrement(Math.BitIncrement(p0)), sigma) + (1e-9 * sigma));
            Assert.IsGreaterThanOrEqualTo(NormalProbability.Below(radius / sigma), p0);
        }
    }

    [TestMethod]
    public void Bounds_move_with_their_arguments()
    {
        for (int k = 1; k <= 200; k++)
        {
            Assert.IsGreaterThan(ClopperPearson.Lower(k - 1, 200, 0.001), ClopperPearson.Lower(k, 200, 0.001));
            Assert.IsGreaterThan(ClopperPearson.Lower(k, 200, 0.0001), ClopperPearson.Lower(k, 200, 0.001));
            Assert.IsGreaterThan(ClopperPearson.Lower(k, 200, 0.001), ClopperPearson.Upper(k, 200, 0.001));
        }

        Assert.AreEqual(0, ClopperPearson.Lower(0, 10, 0.01));
        Assert.AreEqual(1, ClopperPearson.Upper(10, 10, 0.01));
    }

    [TestMethod]
    public void Ties_are_no_prediction()
    {
        Assert.AreEqual(1, Predict.Doubt(0, 0));
        Assert.AreEqual(1, Predict.Doubt(50, 50));
        Assert.IsFalse(Predict.Holds(50, 50, 0.05));
        Assert.IsTrue(Predict.Holds(50, 10, 0.001));
        Assert.IsFalse(Predict.Holds(33, 27, 0.001));
    }

    // A NaN compares to nothing: every guard must be written so that it lets none through.
    [TestMethod]
    public void Arguments_out_of_range_are_refused()
    {
        Refused(() => NormalProbability.Of(double.NaN));
        foreach (double p in (double[])[0, 1, -0.1, 1.1, double.NaN])
        {
            Refused(() => NormalQuantile.Below(p));
            Refused(() => NormalQuantile.Above(p));
        }

        foreach (double alpha in (double[])[0, 0.6, -1, double.NaN])
        {
            Refused(() => ClopperPearson.Lower(5, 10, alpha));
            Refused(() => ClopperPearson.Upper(5, 10, alpha));
            Refused(() => BetaQuantile.Below(alpha, 1, 1));
        }

        Refused(() => ClopperPearson.Lower(-1, 10, 0.01));
        Refused(() => ClopperPearson.Lower(11, 10, 0.01));
        Refused(() => ClopperPearson.Lower(0, 0, 0.01));
        Refused(() => ClopperPearson.Lower(1, BinomialTail.MostTrials + 1, 0.01));
        Refused(() => BinomialTail.AtLeast(1, 10, double.NaN));
        Refused(() => BinomialTail.AtLeast(1, -1, 0.5));
        Refused(() => CertifiedRadius.Of(1, 0.5));
        Refused(() => CertifiedRadius.Of(double.NaN, 0.5));
        Refused(() => CertifiedRadius.Of(0.9, 0));
        Refused(() => CertifiedRadius.Of(0.9, double.NaN));
        Refused(() => CertifiedRadius.Probability(double.NaN, 1));
        Refused(() => CertifiedRadius.Probability(-1, 1));
        Refused(() => Predict.Doubt(1, 2));
        Refused(() => Predict.Doubt(1, -1));
    }

    // The verifier of a certificate computes its radius again, elsewhere: these bits must come out on every machine.
    [TestMethod]
    public void The_bits_are_the_same_everywhere()
    {
        Assert.AreEqual(Bits.Lower, BitConverter.DoubleToInt64Bits(ClopperPearson.Lower(9_873, 10_000, 0.001)));
        Assert.AreEqual(Bits.Radius, BitConverter.DoubleToInt64Bits(CertifiedRadius.Of(ClopperPearson.Lower(9_873, 10_000, 0.001), 0.25)));
        Assert.AreEqual(Bits.Probability, BitConverter.DoubleToInt64Bits(CertifiedRadius.Probability(0.5, 0.5)));
    }

    private static class Bits
    {
        public const long Lower = 4607033344550130619;
        public const long Radius = 4602973477253964531;
        public const long Probability = 4605753379315045275;
    }

    private static void Refused(Action deed) => Assert.ThrowsExactly<ArgumentOutOfRangeException>(deed);

    private static void Refused<T>(Func<T> deed) => Refused(() => { deed(); });
}
