using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Onnx;

/// <summary>
/// The calling thread's floating-point control word, saved, and put back by <see cref="Dispose"/>. In between denormals may be
/// flushed to zero, in results and operands. Needed because session.set_denormal_as_zero reaches only pool threads and, in
/// ONNX Runtime 1.30, whatever thread creates the first session of the process, for good; with one intra-op thread the caller
/// computes, and its mode is what counts.
/// </summary>
internal unsafe ref partial struct FlushedDenormals
{
    // x86-64, fenv_t: 28 bytes of x87 state, then MXCSR; bit 15 flushes results, bit 6 takes denormal operands for zero.
    private const int MxcsrOffset = 28;
    private const uint MxcsrFlush = 1 << 15 | 1 << 6;

    // arm64, fenv_t: FPCR, then FPSR; bit 24 flushes both.
    private const uint FpcrFlush = 1 << 24;

    private Environment _saved;
    private bool _changed;

    /// <summary>Saves the mode; flushes denormals from here on when told to.</summary>
    public static FlushedDenormals Begin(bool flush)
    {
        var scope = new FlushedDenormals { _changed = Read(out Environment environment) == 0 };
        scope._saved = environment;
        if (flush && scope._changed)
        {
            byte* bytes = (byte*)&environment;
            if (RuntimeInformation.ProcessArchitecture == Architecture.Arm64)
            {
                *(uint*)bytes |= FpcrFlush;
            }
            else
            {
                *(uint*)(bytes + MxcsrOffset) |= MxcsrFlush;
            }

            Write(environment);
        }

        return scope;
    }

    /// <summary>Whether the mode takes effect on the calling thread: a denormal times one is zero in it. Where it does not, a release that counts on it must not serve.</summary>
    public static bool TakesEffect()
    {
        using (Begin(flush: true))
        {
            return Product(float.Epsilon, 1) == 0;
        }
    }

    public readonly void Dispose()
    {
        if (_changed)
        {
            Write(_saved);
        }
    }

    // Not inlined: the compiler would multiply before it changes the mode, or while it compiles.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float Product(float left, float right) => left * right;

    [LibraryImport("libm.so.6", EntryPoint = "fegetenv")]
    [SuppressGCTransition]
    private static partial int Read(out Environment environment);

    [LibraryImport("libm.so.6", EntryPoint = "fesetenv")]
    [SuppressGCTransition]
    private static partial int Write(in Environment environment);

    /// <summary>fenv_t: 32 bytes on x86-64, 8 on arm64.</summary>
    [InlineArray(4)]
    private struct Environment
    {
        private ulong _first;
    }
}
