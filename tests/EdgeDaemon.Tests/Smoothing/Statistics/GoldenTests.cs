using System.Globalization;
using EdgeDaemon.Core.Smoothing.Statistics;

namespace EdgeDaemon.Tests.Smoothing.Statistics;

/// <summary>
/// Every bound against 60 digits made by golden.py, which shares no code with it: on the safe side of the exact value always, and no further from it than
/// stated. golden.csv gives the neighbouring doubles of each exact value, so that "not above" is an exact comparison.
/// </summary>
[TestClass]
public sealed class GoldenTests
{
    private sealed record Case(string Function, double[] Arguments, double Below, double Above)
    {
        public int First => (int)Arguments[0];

        public int Second => (int)Arguments[1];
    }

    private static readonly Case[] Cases = [.. File.ReadLines(Repository.File("tests/EdgeDaemon.Tests/Smoothing/Statistics/golden.csv"))
        .Where(line => line.Length > 0 && line[0] != '#')
        .Select(line => line.Split(','))
        .Select(cells => new Case(cells[0], [.. cells[1].Split(';').Select(Number)], Number(cells[2]), Number(cells[3])))];

    [TestMethod]
    public void Phi_is_enclosed()
    {
        foreach (Case z in Of("phi", 240))
        {
            Assert.IsLessThanOrEqualTo(z.Below, NormalProbability.Below(z.Arguments[0]), $"Phi({z.Arguments[0]}) from below");
            Assert.IsGreaterThanOrEqualTo(z.Above, NormalProbability.Above(z.Arguments[0]), $"Phi({z.Arguments[0]}) from above");
            double width = NormalProbability.Above(z.Arguments[0]) - NormalProbability.Below(z.Arguments[0]);
            Assert.IsLessThanOrEqualTo(2e-12 * Math.Max(z.Above, 1e-270), width, $"Phi({z.Arguments[0]}) is enclosed too widely");
        }
    }

    [TestMethod]
    public void Quantiles_are_never_on_the_wrong_side()
    {
        foreach (Case p in Of("quantile", 200))
        {
            double share = p.Arguments[0];
            Assert.IsLessThanOrEqualTo(p.Below, NormalQuantile.Below(share), $"below, {share:r}");
            Assert.IsGreaterThanOrEqualTo(p.Above, NormalQuantile.Above(share), $"above, {share:r}");
            if (share <= 1 - 1e-12)
            {
                Assert.AreEqual(p.Below, NormalQuantile.Below(share), 2e-9 + (3e-16 / (1 - share)), $"{share:r} is further away than it need be");
            }
        }
    }

    [TestMethod]
    public void Clopper_and_Pearsons_bounds_are_never_on_the_wrong_side()
    {
        foreach (Case k in Of("lower", 250))
        {
            double bound = ClopperPearson.Lower(k.First, k.Second, k.Arguments[2]);
            Assert.IsLessThanOrEqualTo(k.Below, bound, $"{k.First} of {k.Second} at {k.Arguments[2]}");
            Assert.AreEqual(k.Below, bound, 1e-10 * k.Above, $"{k.First} of {k.Second} at {k.Arguments[2]} is further away than it need be");
        }

        foreach (Case k in Of("upper", 250))
        {
            Assert.IsGreaterThanOrEqualTo(k.Above, ClopperPearson.Upper(k.First, k.Second, k.Arguments[2]), $"{k.First} of {k.Second} at {k.Arguments[2]}");
        }
    }

    [TestMethod]
    public void A_radius_is_never_above_the_exact_one()
    {
        int notExact = 0;
        foreach (Case k in Of("radius", 120))
        {
            double radius = CertifiedRadius.Of(ClopperPearson.Lower(k.First, k.Second, k.Arguments[2]), 0.5);
            Assert.IsLessThanOrEqualTo(k.Below, radius, $"{k.First} of {k.Second} at {k.Arguments[2]}");
            Assert.AreEqual(k.Below, radius, 1e-8, $"{k.First} of {k.Second} at {k.Arguments[2]} is further away than it need be");
            notExact += radius < k.Below ? 1 : 0;
        }

        Assert.IsGreaterThan(0, notExact);
    }

    // The control: these cases do find out who rounds to the nearest.
    [TestMethod]
    public void Rounding_to_the_nearest_would_be_found_out()
    {
        int wrong = 0;
        foreach (Case p in Of("quantile", 200))
        {
            double share = p.Arguments[0];
            double nearest = (NormalQuantile.Below(share) + NormalQuantile.Above(share)) / 2;
            wrong += nearest > p.Below ? 1 : 0;
        }

        Assert.IsGreaterThan(20, wrong);
    }

    [TestMethod]
    public void Binomial_tails_are_enclosed()
    {
        foreach (Case k in Of("tail", 100))
        {
            Enclosure tail = BinomialTail.AtLeast(k.First, k.Second, k.Arguments[2]);
            string what = $"P[X >= {k.First}] of {k.Second} at {k.Arguments[2]:r}";
            Assert.IsLessThanOrEqualTo(k.Below, tail.Low, what);
            Assert.IsGreaterThanOrEqualTo(k.Above, tail.High, what);
            Assert.IsLessThanOrEqualTo(1e-9 * Math.Max(k.Above, 1e-280), tail.High - tail.Low, $"{what} is enclosed too widely");
        }
    }

    [TestMethod]
    public void Predicts_doubt_is_never_below_the_exact_p_value()
    {
        foreach (Case k in Of("doubt", 40))
        {
            double doubt = Predict.Doubt(k.First, k.Second);
            Assert.IsGreaterThanOrEqualTo(k.Above, doubt, $"{k.First} against {k.Second}");
            Assert.AreEqual(k.Above, doubt, 1e-10 * k.Above, $"{k.First} against {k.Second}");
            Assert.IsTrue(Predict.Holds(k.First, k.Second, doubt));
            Assert.IsFalse(Predict.Holds(k.First, k.Second, k.Below * (1 - 1e-9)));
        }
    }

    private static Case[] Of(string function, int atLeast)
    {
        Case[] cases = [.. Cases.Where(given => given.Function == function)];
        Assert.IsGreaterThanOrEqualTo(atLeast, cases.Length, $"golden.csv has lost its cases of {function}");
        return cases;
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
