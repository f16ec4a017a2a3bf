using System.Reflection;
using EdgeDaemon.Core.Smoothing.Noise;

namespace EdgeDaemon.Tests.Smoothing.Noise;

/// <summary>Good noise passes; each way in which a generator may be broken is found and named.</summary>
[TestClass]
public sealed class NoiseSelfTestTests
{
    private static readonly RowNoise Noise = RowNoise.ForBytes(new(0.25, 255));

    [TestMethod]
    public void Good_noise_passes_every_time()
    {
        foreach (RowNoise noise in (RowNoise[])[Noise, RowNoise.ForBytes(new(1, 255)), RowNoise.ForBytes(new(3, 1)), RowNoise.ForFloats(new(0.25, 1)), RowNoise.ForFloats(new(0.5, 3))])
        {
            for (int run = 0; run < 8; run++)
            {
                Assert.IsNull(NoiseSelfTest.Run(noise));
            }
        }

        Assert.IsLessThan(NoiseSelfTest.FalseAlarm, NoiseStatistics.Checks * 2 * NoiseStatistics.EachFalseAlarm);
    }

    [TestMethod]
    public void Another_sigma_is_found()
    {
        Found("variance", RowNoise.ForBytes(new(0.252, 255)).TryAdd);
        Found("variance", RowNoise.ForBytes(new(0.248, 255)).TryAdd);
    }

    /// <summary>What every path reads: they agree with one another, and only the draws show it.</summary>
    [TestMethod]
    public void A_table_with_wrong_entries_is_found()
    {
        var broken = new ByteNoise(Noise.Scale);
        var cells = (short[])typeof(ByteNoise).GetField("_steps", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(broken)!;
        Assert.IsNull(NoiseSelfTest.Run(broken), "control: as it was made it passes");
        for (int cell = 8192; cell < 16384; cell++)
        {
            cells[cell] += (short)(cells[cell] >= 0 ? 4 : 0);
        }

        Assert.IsNull(NoiseSelfTest.PathsAgree(broken));
        StringAssert.Contains(NoiseSelfTest.Run(broken) ?? "nothing found", "variance");
    }

    [TestMethod]
    public void Noise_off_its_level_is_found() => Found("mean", Changed((value, _, _) => value + 1));

    /// <summary>Which check sees it first is chance: 4096 draws that stand for a million are far off in most of them.</summary>
    [TestMethod]
    public void One_seed_for_all_samples_is_found() => Assert.IsNotNull(NoiseSelfTest.Live(Noise, (key, _, first, input, row) => Noise.TryAdd(key, 7, first, input, row)));

    [TestMethod]
    public void Every_other_sample_drawn_again_is_found() => FoundByDoubling("correlated", (key, sample, first, input, row) => Noise.TryAdd(key, sample & ~1UL, first, input, row));

    [TestMethod]
    public void A_block_drawn_twice_is_found() => FoundByDoubling("draws 64 apart", (key, sample, first, input, row) =>
    {
        bool sure = Noise.TryAdd(key, sample, first, input, row);
        for (int i = 0; i + 128 <= row.Length; i += 4096)
        {
            for (int part = i; part + 128 <= i + 4096; part += 128)
            {
                row[part..(part + 64)].CopyTo(row[(part + 64)..]);
            }
        }

        return sure;
    });

    [TestMethod]
    public void Magnitudes_that_follow_one_another_are_found() => FoundByDoubling("magnitudes of draws 1 apart", (key, sample, first, input, row) =>
    {
        bool sure = Noise.TryAdd(key, sample, first, input, row);
        for (int i = 0; i + 1 < row.Length; i += 2)
        {
            // The sign is its own; the size is the neighbour's.
            float size = Math.Abs(row[i] - (128 / 255f));
            row[i + 1] = (128 / 255f) + (row[i + 1] < 128 / 255f ? -size : size);
        }

        return sure;
    });

    [TestMethod]
    public void A_sign_that_sticks_is_found() => Found("above 0", Changed((value, _, _) => value is < 0 and > -4 ? -value : value));

    [TestMethod]
    public void Cut_tails_are_found() => Found("beyond 4 sigma", Changed((value, _, _) => Math.Clamp(value, -250, 250)));

    [TestMethod]
    public void Heavy_tails_are_found() => Found("beyond 4.5 sigma", Changed((value, sample, i) => sample < 40 && i == 100 ? 330 : value));

    [TestMethod]
    public void A_shape_that_is_not_the_tables_is_found()
    {
        // A sum of four uniforms: mean, variance and signs as they should be.
        var random = new Random(5);
        Found("chi-square", Changed((_, _, _) => MathF.Round((float)(63.75 * Math.Sqrt(3) * (random.NextDouble() + random.NextDouble() + random.NextDouble() + random.NextDouble() - 2)))));
    }

    [TestMethod]
    public void A_shape_too_good_to_be_random_is_found()
    {
        // A Kronecker sequence through the table: even, not random.
        double at = 0;
        Found("chi-square", Changed((_, _, _) =>
        {
            at = (at + 0.6180339887498949) % 1;
            ulong draw = (ulong)(at * 18446744073709549568.0);
            bool upper = draw >= 1UL << 63;
            int steps = Noise.Thresholds.AsSpan().BinarySearch(upper ? draw : ~draw) is var found && found < 0 ? ~found : found;
            return upper ? steps : -steps;
        }));
    }

    [TestMethod]
    public void Samples_in_doubt_are_found() => Found("in doubt", (key, sample, first, input, row) => Noise.TryAdd(key, sample, first, input, row) && false);

    // Doubled draws double chi-square too: once in some hundred runs that is seen first.
    private static void FoundByDoubling(string fault, RowDraw broken)
    {
        string found = NoiseSelfTest.Live(Noise, broken) ?? "nothing found";
        Assert.IsTrue(found.Contains(fault, StringComparison.Ordinal) || found.StartsWith("chi-square", StringComparison.Ordinal), found);
    }

    private static void Found(string fault, RowDraw broken) => StringAssert.Contains(NoiseSelfTest.Live(Noise, broken) ?? "nothing found", fault);

    /// <summary>Good noise, with each value (in steps) replaced.</summary>
    private static RowDraw Changed(Func<float, int, int, float> change) => (key, sample, first, input, row) =>
    {
        bool sure = Noise.TryAdd(key, sample, first, input, row);
        for (int i = 0; i < row.Length; i++)
        {
            row[i] = (change(MathF.Round(row[i] * 255) - 128, (int)sample, i) + 128) / 255f;
        }

        return sure;
    };
}
