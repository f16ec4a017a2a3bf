using System.Globalization;
using EdgeDaemon.Core.Smoothing.Noise;

namespace EdgeDaemon.Tests.Smoothing.Noise;

/// <summary>Draws beside a threshold: too rare to meet in rows, so the searches are asked.</summary>
[TestClass]
public sealed class ThresholdTests
{
    [TestMethod]
    public void Between_grid_points_a_draw_falls_below_a_threshold_above_it_or_into_doubt()
    {
        var cells = new FloatCells(ExactRatio.Of(0.3).Shifted(8));
        foreach (string[] row in Golden.Of("place"))
        {
            int m = int.Parse(row[0], CultureInfo.InvariantCulture);
            float rest = (float)Golden.Number(row[1]);
            ulong threshold = ulong.Parse(row[2], CultureInfo.InvariantCulture);

            // Far enough for the doubles to tell, near enough that only integers do, and at it.
            foreach (int off in (int[])[-1_000_000, -3000, -1, 0, 1, 3000, 1_000_000])
            {
                ulong draw = threshold + (ulong)off;
                if (draw < 1UL << 63 || (ulong)Math.Abs(off) > ~threshold / 32)
                {
                    continue; // Beyond the next threshold: far out they lie close together.
                }

                int place = Place(cells, draw);
                bool sure = cells.TrySearch(draw, rest, place, out int steps);
                Assert.AreEqual(off != 0, sure, $"{row[0]} {row[1]} {off}");
                Assert.AreEqual(off > 0 ? m + 1 : m, steps, $"{row[0]} {row[1]} {off}");
            }
        }
    }

    [TestMethod]
    public void At_zero_itself_nothing_is_in_doubt()
    {
        // 2^64 Phi(0) is the integer 2^63: half a step of input reaches the boundary at a Gaussian of 0 exactly.
        var cells = new FloatCells(ExactRatio.Of(64));
        Assert.IsTrue(cells.TrySearch(1UL << 63, 0.5f, 0, out int steps));
        Assert.AreEqual(1, steps);
    }

    [TestMethod]
    public void Every_cell_of_floats_holds_the_gaussians_of_its_draws()
    {
        // The place of a draw is where its Gaussian leaves one count of steps for the next, seen through the search: lowest and highest draw of each cell.
        var cells = new FloatCells(ExactRatio.Of(0.3).Shifted(8));
        for (int cell = 0; cell < FloatCells.Count; cell += 37)
        {
            uint packed = cells.Packed[cell];
            double low = (packed >> FloatCells.WidthBits) / (double)FloatCells.PerStep, width = (packed & FloatCells.MostWidth) / (double)FloatCells.PerStep;
            double from = Gaussian((cell + 0.0) / FloatCells.Count) * 76.8, to = Gaussian((cell + 1.0) / FloatCells.Count) * 76.8;
            Assert.IsLessThanOrEqualTo(from + 1e-9, low, $"{cell}");
            Assert.IsTrue((packed & FloatCells.MostWidth) == FloatCells.MostWidth || low + width >= to - 1e-9, $"{cell}");
            Assert.IsTrue(low >= from - (2.0 / FloatCells.PerStep), $"{cell} is wider than it must be");
        }
    }

    [TestMethod]
    public void A_byte_draw_falls_below_a_threshold_above_it_or_into_doubt()
    {
        var noise = (ByteNoise)RowNoise.ForBytes(new(0.25, 255));
        foreach (int m in (int[])[0, 1, 100, 400])
        {
            ulong threshold = noise.Thresholds[m];
            foreach (int off in (int[])[-1, 0, 1])
            {
                int steps = m;
                Assert.AreEqual(off != 0, noise.TrySearch(threshold + (ulong)off, ref steps));
                Assert.AreEqual(off > 0 ? m + 1 : m, steps);
            }

            // From further below, as wide cells in the tail ask.
            int far = Math.Max(0, m - 50);
            Assert.IsTrue(noise.TrySearch(threshold + 1, ref far));
            Assert.AreEqual(m + 1, far);
        }
    }

    private static int Place(FloatCells cells, ulong draw) => (int)(cells.Packed[(int)(draw >> 48) & FloatCells.IndexMask] >> FloatCells.WidthBits);

    /// <summary>The Gaussian's magnitude below which a share of all lie: bisection on Simpson's rule.</summary>
    private static double Gaussian(double share)
    {
        if (share >= 1)
        {
            return double.PositiveInfinity;
        }

        double low = 0, high = 10;
        for (int i = 0; i < 60; i++)
        {
            double middle = (low + high) / 2;
            (low, high) = 2 * Integral(middle) < share ? (middle, high) : (low, middle);
        }

        return low;
    }

    private static double Integral(double to)
    {
        const int Parts = 400;
        double sum = 0;
        for (int i = 0; i <= Parts; i++)
        {
            double y = to * i / Parts;
            sum += Math.Exp(-y * y / 2) * (i is 0 or Parts ? 1 : i % 2 == 1 ? 4 : 2);
        }

        return sum * to / Parts / 3 / Math.Sqrt(2 * Math.PI);
    }
}
