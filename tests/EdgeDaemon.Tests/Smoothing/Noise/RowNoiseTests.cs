using System.Runtime.InteropServices;
using System.Security.Cryptography;
using EdgeDaemon.Core.Smoothing.Noise;

namespace EdgeDaemon.Tests.Smoothing.Noise;

/// <summary>The integers and the rows against the oracle's; every path, order, split and thread against one another.</summary>
[TestClass]
public sealed class RowNoiseTests
{
    private static readonly NoiseKey Key = new(0x12345678, 0x9abcdef0);

    private static NoisePath[] Paths => [.. Enum.GetValues<NoisePath>().Where(NoisePaths.IsSupported)];

    private static RowNoise[] Kinds =>
    [
        RowNoise.ForBytes(new(0.25, 255)), RowNoise.ForBytes(new(1, 255)), RowNoise.ForBytes(new(0.12, 200)), RowNoise.ForBytes(new(60, 1)),
        RowNoise.ForFloats(new(0.25, 1)), RowNoise.ForFloats(new(0.3, 2.5f)), RowNoise.ForFloats(new(1e-9, 1)), RowNoise.ForFloats(new(1e6, 3)),
    ];

    [TestMethod]
    public void Thresholds_are_those_of_the_oracle()
    {
        foreach (string kind in (string[])["bytes", "floats"])
        {
            foreach (string[] row in Golden.Of(kind))
            {
                RowNoise noise = kind == "bytes" ? RowNoise.ForBytes(new(Golden.Number(row[0]), 255)) : RowNoise.ForFloats(new(Golden.Number(row[0]), 1));
                Assert.AreEqual($"{row[1]} {row[3]} {row[4]}", $"{noise.Thresholds.Length} {noise.Thresholds[0]} {noise.Thresholds[100]}");
                Assert.AreEqual(row[2], Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(noise.Thresholds.AsSpan()))), string.Join(' ', row));
            }
        }
    }

    [TestMethod]
    public void Rows_of_every_path_are_those_of_the_oracle()
    {
        foreach (NoisePath path in Paths)
        {
            foreach (string[] row in Golden.Of("bytes_rows"))
            {
                Assert.AreEqual(row[1], NoiseDigest.Of(RowNoise.ForBytes(new(Golden.Number(row[0]), 255)), path), $"{path} {row[0]}");
            }

            foreach (string[] row in Golden.Of("floats_rows"))
            {
                RowNoise noise = RowNoise.ForFloats(new(Golden.Number(row[0]), (float)Golden.Number(row[1])));
                Assert.AreEqual(row[2], NoiseDigest.Of(noise, path), $"{path} {row[0]} {row[1]}");
            }
        }
    }

    [TestMethod]
    public void Every_length_and_every_path_write_the_same_and_no_element_more()
    {
        var random = new Random(2);
        foreach (RowNoise noise in Kinds)
        {
            foreach (int length in (int[])[0, 1, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 511, 512, 513, 1023, 2000])
            {
                byte[] input = Input(noise, length, random);
                ulong sample = (ulong)random.NextInt64();
                float[][] rows = [.. Paths.Select(path => Row(noise, path, sample, input))];
                foreach (float[] row in rows)
                {
                    CollectionAssert.AreEqual(rows[0], row, $"{noise.Scale} {length}");
                }
            }
        }

        static float[] Row(RowNoise noise, NoisePath path, ulong sample, byte[] input)
        {
            var row = new float[(input.Length / noise.ElementSize) + 1];
            row[^1] = -12345;
            Assert.IsTrue(noise.TryAddBy(path, Key, sample, 0, input, row.AsSpan(..^1)));
            Assert.AreEqual(-12345, row[^1]);
            return row;
        }
    }

    [TestMethod]
    public void Parts_in_any_order_on_any_thread_are_the_whole()
    {
        var random = new Random(3);
        foreach (RowNoise noise in Kinds)
        {
            const int Length = 5000, Samples = 16;
            byte[] input = Input(noise, Length, random);
            float[][] whole = [.. Enumerable.Range(0, Samples).Select(_ => new float[Length])], parts = [.. whole.Select(row => new float[row.Length])];
            for (int sample = 0; sample < Samples; sample++)
            {
                noise.TryAdd(Key, (ulong)sample, 0, input, whole[sample]);
            }

            var pieces = new List<(int Sample, int From, int To)>();
            for (int sample = 0; sample < Samples; sample++)
            {
                for (int from = 0, to; from < Length; from = to)
                {
                    to = Math.Min(Length, from + (RowNoise.PartElements * random.Next(1, 20)));
                    pieces.Add((sample, from, to));
                }
            }

            Parallel.ForEach(pieces.OrderBy(_ => random.Next()).ToArray(), piece => noise.TryAddBy(
                Paths[piece.From % Paths.Length],
                Key,
                (ulong)piece.Sample,
                (uint)piece.From,
                input.AsSpan((piece.From * noise.ElementSize)..(piece.To * noise.ElementSize)),
                parts[piece.Sample].AsSpan(piece.From..piece.To)));
            for (int sample = 0; sample < Samples; sample++)
            {
                CollectionAssert.AreEqual(whole[sample], parts[sample]);
            }
        }
    }

    [TestMethod]
    public void Keys_and_samples_and_places_have_noise_of_their_own()
    {
        foreach (RowNoise noise in Kinds)
        {
            byte[] input = new byte[1024 * noise.ElementSize];
            var seen = new HashSet<string>();
            foreach (NoiseKey key in (NoiseKey[])[Key, Key with { K0 = Key.K0 + 1 }, Key with { K1 = Key.K1 ^ 0x80000000 }])
            {
                foreach (ulong sample in (ulong[])[0, 1, 1UL << 32, 1UL << 63])
                {
                    foreach (uint first in (uint[])[0, 1024, 1u << 31])
                    {
                        var row = new float[1024];
                        noise.TryAdd(key, sample, first, input, row);
                        Assert.IsTrue(seen.Add(Convert.ToHexString(MemoryMarshal.AsBytes(row.AsSpan()))));
                    }
                }
            }
        }
    }

    /// <summary>The base classifier may depend on the noisy value alone (rule S4): what is written is on the grid, whatever the input's low bits are.</summary>
    [TestMethod]
    public void What_is_written_lies_on_the_grid_and_keeps_no_low_bit_of_the_input()
    {
        var random = new Random(4);
        foreach (RowNoise noise in Kinds.Where(noise => noise.Scale.Divisor == 1))
        {
            byte[] input = Input(noise, 4096, random);
            var row = new float[4096];
            noise.TryAdd(Key, 5, 0, input, row);
            foreach (float value in row)
            {
                Assert.AreEqual(Math.Round(value / (double)noise.Step), value / (double)noise.Step);
            }
        }
    }

    /// <summary>
    /// Voracek and Hein's attack (arXiv 2207.07209) in one dimension: a classifier that looks at low bits. Under a sum in floats it tells an input of 0 from one of
    /// 1/2, two sigma away, almost surely where the sums are near 0; under the law it cannot tell them at all. The former is the control.
    /// </summary>
    [TestMethod]
    public void Low_bits_tell_nothing_of_the_input_under_the_law_and_much_under_a_sum_in_floats()
    {
        var random = new Random(6);
        RowNoise noise = RowNoise.ForFloats(new(0.25, 1));
        int[] sums = new int[2], laws = new int[2];
        for (int i = 0; i < 2; i++)
        {
            float input = i * 0.5f;
            float[] values = new float[100_000], row = new float[values.Length];
            values.AsSpan().Fill(input);
            noise.TryAdd(Key, 9, 0, MemoryMarshal.AsBytes(values.AsSpan()), row);
            for (int j = 0; j < row.Length; j++)
            {
                float normal = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
                sums[i] += Classify(input + (0.25f * normal)) ? 1 : 0;
                laws[i] += Classify(row[j]) ? 1 : 0;
            }
        }

        Assert.IsGreaterThan(30_000, sums[0], "control");
        Assert.IsLessThan(100, sums[1], "control");
        Assert.AreEqual(0, laws[0]);
        Assert.AreEqual(0, laws[1]);

        // Near 0, and finer than a sum that began at 1/2 can be.
        static bool Classify(float value) => Math.Abs(value) < 0.12f && value * (1L << 25) != MathF.Round(value * (1L << 25));
    }

    [TestMethod]
    public void Bytes_are_cut_where_the_law_says()
    {
        RowNoise noise = RowNoise.ForBytes(new(0.25, 255));
        byte[] input = new byte[4096];
        var row = new float[input.Length];
        float least = 0, most = 0;
        foreach (byte value in (byte[])[0, 255])
        {
            input.AsSpan().Fill(value);
            for (ulong sample = 0; sample < 300; sample++)
            {
                noise.TryAdd(Key, sample, 0, input, row);
                (least, most) = (Math.Min(least, row.Min()), Math.Max(most, row.Max()));
            }
        }

        Assert.IsTrue(least is >= -1 and < -0.9f, $"{least}"); // k = 1: four sigma below 0.
        Assert.IsTrue(most is <= 2 and > 1.9f, $"{most}");
    }

    [TestMethod]
    public void Accepts_what_it_can_add_exactly_and_nothing_else()
    {
        RowNoise noise = RowNoise.ForFloats(new(0.25, 1));
        Assert.AreEqual(1 / 256f, noise.Step);
        foreach (float good in (float[])[0, -0f, 1e-45f, 1, -3.75f, 32768])
        {
            Assert.IsTrue(Accepts(noise, good), $"{good}");
        }

        foreach (float bad in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity, 32769, -1e30f])
        {
            Assert.IsFalse(Accepts(noise, bad), $"{bad}");
        }

        // A step above 1 divides: what is all but zero would lose bits.
        Assert.IsFalse(Accepts(RowNoise.ForFloats(new(1e6, 1)), 1e-40f));
        Assert.IsTrue(RowNoise.ForBytes(new(0.25, 255)).Accepts([0, 255]));

        static bool Accepts(RowNoise noise, float value) => noise.Accepts(MemoryMarshal.AsBytes<float>([1, value, 0]));
    }

    [TestMethod]
    public void Refuses_what_is_out_of_range_and_says_what_is_in_it()
    {
        foreach (NoiseScale scale in (NoiseScale[])[new(0, 255), new(-1, 255), new(double.NaN, 255), new(17, 255), new(0.001, 255)])
        {
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => RowNoise.ForBytes(scale)).Message, "from 0.5 to 4080");
        }

        foreach (NoiseScale scale in (NoiseScale[])[new(0, 1), new(double.PositiveInfinity, 1), new(1e30, 1)])
        {
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => RowNoise.ForFloats(scale)).Message, "is possible");
        }

        foreach (float divisor in (float[])[0, -1, float.NaN, float.PositiveInfinity])
        {
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => RowNoise.ForFloats(new(1, divisor))).Message, "divisor above 0");
        }

        RowNoise noise = RowNoise.ForBytes(new(0.25, 255));
        Assert.ThrowsExactly<ArgumentException>(() => noise.TryAdd(Key, 0, 32, new byte[8], new float[8]));
        Assert.ThrowsExactly<ArgumentException>(() => noise.TryAdd(Key, 0, 0, new byte[8], new float[7]));
    }

    [TestMethod]
    public void Allocates_nothing_for_a_row()
    {
        foreach (RowNoise noise in Kinds)
        {
            byte[] input = new byte[3072 * noise.ElementSize];
            var row = new float[3072];
            noise.TryAdd(Key, 0, 0, input, row);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (ulong sample = 0; sample < 100; sample++)
            {
                noise.TryAdd(Key, sample, 0, input, row);
            }

            Assert.AreEqual(before, GC.GetAllocatedBytesForCurrentThread());
        }
    }

    private static byte[] Input(RowNoise noise, int length, Random random)
    {
        byte[] input = new byte[length * noise.ElementSize];
        random.NextBytes(input);
        if (noise.ElementSize == sizeof(float))
        {
            Span<float> values = MemoryMarshal.Cast<byte, float>(input);
            for (int i = 0; i < values.Length; i++)
            {
                // Among them points and half points of the grid, where roundings go wrong first.
                float steps = random.Next(4) switch
                {
                    0 => random.Next(-50, 50),
                    1 => random.Next(-50, 50) + 0.5f,
                    2 => MathF.BitIncrement(random.Next(1, 50) + 0.5f),
                    _ => (random.NextSingle() - 0.5f) * random.Next(1, 100_000),
                };
                values[i] = steps * noise.Step;
            }
        }

        return input;
    }
}
