using System.Runtime.Intrinsics.X86;

namespace EdgeDaemon.Core.Smoothing.Noise;

/// <summary>The instructions that draw noise. Every path writes the same bits; only the time differs.</summary>
public enum NoisePath
{
    /// <summary>Any processor.</summary>
    Scalar,

    /// <summary>x86-64 with AVX2: all that edged starts on, of that kind.</summary>
    Vector256,

    /// <summary>AVX-512 F and BW, in an executable compiled for a processor that has them (<c>publish --cpu native</c>).</summary>
    Vector512,
}

/// <summary>What this executable's code may use here.</summary>
public static class NoisePaths
{
    /// <summary>The widest path. A constant to the compiler: nothing is chosen at run time.</summary>
    public static NoisePath Widest => IsSupported(NoisePath.Vector512) ? NoisePath.Vector512 : IsSupported(NoisePath.Vector256) ? NoisePath.Vector256 : NoisePath.Scalar;

    public static bool IsSupported(NoisePath path) => path switch
    {
        NoisePath.Vector512 => Avx512F.IsSupported && Avx512BW.IsSupported,
        NoisePath.Vector256 => Avx2.IsSupported,
        _ => true,
    };
}
