using System.Runtime.InteropServices;
using EdgeDaemon.Core.Smoothing.Noise;

namespace EdgeDaemon.Tests.Smoothing.Noise;

/// <summary>What the rows' laws are, judged by figures that no table of ours gave: mpmath's normal distribution and definitions written out here.</summary>
[TestClass]
public sealed class DistributionTests
{
    // mpmath 1.2.1, 50 digits: floor(2^64 * ncdf((2 m + 1) / (510 sigma))).
    private static readonly (double Sigma, int M, ulong Threshold)[] Mpmath =
    [
        (0.25, 0, 9281090552130308152), (0.25, 63, 15502532682572439742), (0.5, 255, 18030968641347632844), (1, 1000, 18445939232057919121),
    ];

    [TestMethod]
    public void Byte_thresholds_are_mpmaths()
    {
        foreach ((double sigma, int m, ulong threshold) in Mpmath)
        {
            Assert.AreEqual(threshold, RowNoise.ForBytes(new(sigma, 255)).Thresholds[m], $"{sigma} {m}");
        }
    }

    /// <summary>
    /// The point of the law for floats: an input between two points of the grid has the distribution of round(input + Gaussian), not that of its nearest
    /// point. Control: the same counts against the nearest point's distribution fail.
    /// </summary>
    [TestMethod]
    public void An_input_between_points_shifts_the_distribution_by_what_it_is_off()
    {
        RowNoise noise = RowNoise.ForFloats(new(0.25, 1));
        foreach (float off in (float[])[0.5f, 0.25f, -0.4f, 0.03125f])
        {
            float[] values = new float[1 << 14];
            values.AsSpan().Fill(off * noise.Step);
            var row = new float[values.Length];
            using var seed = new NoiseSeed();
            double sum = 0;
            const int Samples = 256;
            for (ulong sample = 0; sample < Samples; sample++)
            {
                Assert.IsTrue(noise.TryAdd(seed.Key(0), sample, 0, MemoryMarshal.AsBytes(values.AsSpan()), row));
                foreach (float value in row)
                {
                    sum += value / noise.Step;
                }
            }

            double count = Samples * (double)values.Length, error = 64.01 / Math.Sqrt(count);
            Assert.IsLessThan(6 * error, Math.Abs((sum / count) - off), $"{off}");
            if (Math.Abs(off) >= 0.4f) // Nearer ones lie too few errors from a point to be a control.
            {
                Assert.IsGreaterThan(6 * error, Math.Abs((sum / count) - Math.Round(off)), $"control {off}");
            }
        }
    }

    /// <summary>P(round(x + g) above a point), for x at every place of a step, against the normal distribution by Simpson's rule.</summary>
    [TestMethod]
    public void An_input_between_points_has_the_chances_of_the_real_sum()
    {
        RowNoise noise = RowNoise.ForFloats(new(0.3, 1));
        float[] values = new float[1 << 12];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (i / (float)values.Length) - 0.37f;
        }

        var row = new float[values.Length];
        using var seed = new NoiseSeed();
        double above = 0, expected = 0, variance = 0;
        float bound = 100.5f * noise.Step;
        foreach (float value in values)
        {
            double p = 0.5 - Integral((bound - value) / 0.3);
            expected += p;
            variance += p * (1 - p);
        }

        const int Samples = 512;
        for (ulong sample = 0; sample < Samples; sample++)
        {
            noise.TryAdd(seed.Key(9), sample, 0, MemoryMarshal.AsBytes(values.AsSpan()), row);
            foreach (float value in row)
            {
                above += value > bound ? 1 : 0;
            }
        }

        Assert.IsLessThan(6 * Math.Sqrt(Samples * variance), Math.Abs(above - (Samples * expected)));
    }

    private static double Integral(double to)
    {
        const int Parts = 200;
        double sum = 0;
        for (int i = 0; i <= Parts; i++)
        {
            double y = to * i / Parts;
            sum += Math.Exp(-y * y / 2) * (i is 0 or Parts ? 1 : i % 2 == 1 ? 4 : 2);
        }

        return sum * to / Parts / 3 / Math.Sqrt(2 * Math.PI);
    }
}
