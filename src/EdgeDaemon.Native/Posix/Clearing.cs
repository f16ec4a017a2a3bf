using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Posix;

/// <summary>
/// Overwrites what a tenant's bytes were in. Whoever gives such memory back calls this, so that one switch can turn all of it off: the search for left
/// bytes (MemoryProofTests) means something only if the same search finds them then.
/// </summary>
public static unsafe class Clearing
{
    /// <summary>The environment variable that turns clearing off, with the value 1. For tests alone: SECURITY.md.</summary>
    public const string Switch = "EDGED_UNSAFE_KEEP_MEMORY";

    /// <summary>True: nothing is cleared, and any tenant may come to hold another's bytes. Read once, at the start.</summary>
    public static bool IsOff { get; } = Environment.GetEnvironmentVariable(Switch) == "1";

    /// <summary>Not removable by the compiler, whoever looks at the memory afterwards or not.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Zero(Span<byte> memory)
    {
        if (!IsOff)
        {
            memory.Clear();
        }
    }

    /// <summary>Not removable by the compiler.</summary>
    /// <param name="memory">Of the caller's.</param>
    /// <param name="bytes">From there on.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Zero(void* memory, nuint bytes)
    {
        if (!IsOff)
        {
            NativeMemory.Clear(memory, bytes);
        }
    }
}
