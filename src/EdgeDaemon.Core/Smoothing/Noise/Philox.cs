namespace EdgeDaemon.Core.Smoothing.Noise;

/// <summary>
/// Philox4x32 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011): 128 bits from a 128-bit counter and a 64-bit key,
/// each block by itself. Noise uses ten rounds. It is no cipher: what keeps its output from a caller is that nobody outside knows the key.
/// </summary>
public static class Philox
{
    /// <summary>Rounds behind every draw of noise.</summary>
    public const int Rounds = 10;

    internal const uint Multiplier0 = 0xD2511F53;
    internal const uint Multiplier1 = 0xCD9E8D57;
    internal const uint Weyl0 = 0x9E3779B9;
    internal const uint Weyl1 = 0xBB67AE85;

    /// <summary>Encrypts, so to speak, one counter.</summary>
    public static PhiloxBlock Block(PhiloxBlock counter, NoiseKey key, int rounds = Rounds)
    {
        (uint c0, uint c1, uint c2, uint c3) = counter;
        (uint k0, uint k1) = key;
        for (int round = 0; round < rounds; round++)
        {
            ulong product0 = (ulong)Multiplier0 * c0;
            ulong product1 = (ulong)Multiplier1 * c2;
            c0 = (uint)(product1 >> 32) ^ c1 ^ k0;
            c1 = (uint)product1;
            c2 = (uint)(product0 >> 32) ^ c3 ^ k1;
            c3 = (uint)product0;
            k0 += Weyl0;
            k1 += Weyl1;
        }

        return new PhiloxBlock(c0, c1, c2, c3);
    }
}

/// <summary>A counter, or what became of it.</summary>
public readonly record struct PhiloxBlock(uint W0, uint W1, uint W2, uint W3);
