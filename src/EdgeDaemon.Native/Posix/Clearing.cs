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

    private const int StackDepth = 8 * 1024;
    private const int LargestBlock = 1024;
    private const int BlockStep = 16; // glibc's size classes.
    private const int BlocksEach = 32; // More than glibc keeps of one size for a thread (7), and as much again of what it has merged.

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

    /// <summary>
    /// Overwrites what the C library has given back and could hand out again to this thread: blocks of up to a kilobyte, which is where a library leaves what it does not clear (OpenSSL 3 the
    /// parameters by which it passes an imported key on). A millisecond: right after such a call, on its thread, before others have part of these blocks.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void FreedBlocks()
    {
        if (IsOff)
        {
            return;
        }

        const int Sizes = LargestBlock / BlockStep;
        void** blocks = (void**)NativeMemory.Alloc(Sizes * BlocksEach, (nuint)sizeof(void*));
        int count = 0;
        for (int bytes = LargestBlock; bytes >= BlockStep; bytes -= BlockStep)
        {
            for (int i = 0; i < BlocksEach; i++)
            {
                void* block = NativeMemory.Alloc((nuint)bytes);
                NativeMemory.Clear(block, (nuint)bytes);
                blocks[count++] = block;
            }
        }

        for (int i = 0; i < count; i++)
        {
            NativeMemory.Free(blocks[i]);
        }

        NativeMemory.Free(blocks);
    }

    /// <summary>
    /// Overwrites the stack below the caller's frame, as deep as a request's own code goes: what was formatted there, and the vector registers that a signal or the loader
    /// put there in the middle of a copy (the search found eight numbers of an answer so). A tenth of a microsecond. For a thread that has done a request's work and will wait.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    public static void StackBelow()
    {
        if (!IsOff)
        {
            byte* below = stackalloc byte[StackDepth];
            NativeMemory.Clear(below, StackDepth);
        }
    }
}
