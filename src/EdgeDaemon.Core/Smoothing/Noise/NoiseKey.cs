using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace EdgeDaemon.Core.Smoothing.Noise;

/// <summary>The Philox key of one input's noise, as secret as the seed that it comes from. <see cref="Clear"/> it when the input is decided.</summary>
public record struct NoiseKey(uint K0, uint K1)
{
    /// <summary>Nothing that could end up in a log.</summary>
    public override readonly string ToString() => "(a noise key)";

    public static void Clear(ref NoiseKey key) => CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(new Span<NoiseKey>(ref key)));
}
