namespace EdgeDaemon.Core.Smoothing.Noise;

/// <summary>
/// Checks of the generator and of live noise before the first certificate (rule S7). They find what is broken: a processor, a compiler, a build. They do not
/// find a generator that somebody made to pass them (arXiv 2306.14043): against that stand the known answers, the digests and the signed executable.
/// </summary>
public static class NoiseSelfTest
{
    /// <summary>The share of starts in which good noise is rejected, at most: what <see cref="NoiseStatistics"/> says, and room.</summary>
    public const double FalseAlarm = 1e-10;

    // Random123's known answers for philox4x32 with seven and with ten rounds.
    private static readonly (int Rounds, PhiloxBlock Counter, NoiseKey Key, PhiloxBlock Answer)[] Known =
    [
        (7, default, default, new(0x5f6fb709, 0x0d893f64, 0x4f121f81, 0x4f730a48)),
        (7, AllOnes, new(uint.MaxValue, uint.MaxValue), new(0x5207ddc2, 0x45165e59, 0x4d8ee751, 0x8c52f662)),
        (7, Pi, new(0xa4093822, 0x299f31d0), new(0x4dfccaba, 0x190a87f0, 0xc47362ba, 0xb6b5242a)),
        (10, default, default, new(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8)),
        (10, AllOnes, new(uint.MaxValue, uint.MaxValue), new(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd)),
        (10, Pi, new(0xa4093822, 0x299f31d0), new(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1)),
    ];

    private static PhiloxBlock AllOnes => new(uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue);

    private static PhiloxBlock Pi => new(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344);

    /// <summary>Null when all is well; otherwise what is wrong, in one line. Draws a million values under a fresh seed: some 20 ms.</summary>
    public static string? Run(RowNoise noise) => KnownAnswers(Philox.Block) ?? PathsAgree(noise) ?? Live(noise, noise.TryAdd);

    /// <summary>Null when a generator gives Random123's known answers.</summary>
    public static string? KnownAnswers(Func<PhiloxBlock, NoiseKey, int, PhiloxBlock> generator)
    {
        foreach ((int rounds, PhiloxBlock counter, NoiseKey key, PhiloxBlock answer) in Known)
        {
            if (generator(counter, key, rounds) is var given && given != answer)
            {
                return $"philox4x32-{rounds} of {counter} is {given}, not {answer}";
            }
        }

        return null;
    }

    /// <summary>Null when every set of instructions that this executable has writes the same rows.</summary>
    public static string? PathsAgree(RowNoise noise)
    {
        string scalar = NoiseDigest.Of(noise, NoisePath.Scalar);
        ReadOnlySpan<NoisePath> wide = [NoisePath.Vector256, NoisePath.Vector512];
        foreach (NoisePath path in wide)
        {
            if (NoisePaths.IsSupported(path) && NoiseDigest.Of(noise, path) != scalar)
            {
                return $"{path} instructions do not draw the noise that plain ones draw";
            }
        }

        return null;
    }

    /// <summary>Null when live noise of a fresh seed passes every check of <see cref="NoiseStatistics"/>.</summary>
    /// <param name="add"><see cref="RowNoise.TryAdd(NoiseKey, ulong, uint, ReadOnlySpan{byte}, Span{float})"/>, or what a test puts in its place.</param>
    public static string? Live(RowNoise noise, RowDraw add)
    {
        using var seed = new NoiseSeed();
        NoiseKey key = seed.Key(0);
        int[] steps = new int[NoiseStatistics.Rows * NoiseStatistics.RowElements];
        byte[] input = new byte[NoiseStatistics.RowElements * noise.ElementSize];
        float[] row = new float[NoiseStatistics.RowElements];

        // The middle of a byte's values leaves noise room on both sides; a float's is zero.
        int middle = noise.ElementSize == 1 ? 128 : 0;
        input.AsSpan().Fill((byte)middle);
        int doubts = 0;
        for (int sample = 0; sample < NoiseStatistics.Rows; sample++)
        {
            // One comes in 2^33 starts or more; two never do.
            doubts += add(key, (ulong)sample, 0, input, row) ? 0 : 1;
            if (doubts > 1)
            {
                return $"{doubts} of {sample + 1} samples lie in doubt at a threshold";
            }

            Span<int> into = steps.AsSpan(sample * NoiseStatistics.RowElements, NoiseStatistics.RowElements);
            for (int i = 0; i < into.Length; i++)
            {
                into[i] = (int)MathF.Round(row[i] * noise.Scale.Divisor / noise.Step) - middle;
            }
        }

        return NoiseStatistics.Judge(steps, noise.Thresholds, noise.Scale.SentSigma / noise.Step);
    }
}

/// <summary>The shape of <see cref="RowNoise.TryAdd(NoiseKey, ulong, uint, ReadOnlySpan{byte}, Span{float})"/>.</summary>
public delegate bool RowDraw(NoiseKey key, ulong sample, uint first, ReadOnlySpan<byte> input, Span<float> row);
