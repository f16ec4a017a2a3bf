using System.Runtime.InteropServices;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Native.Onnx.Memory;

/// <summary>What lies before each piece of memory that a graph was given: whose it is, and how much of it may have been written.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RunBlock
{
    /// <summary>Bytes before the piece, which begins at a multiple of it, as the library's vector code wants.</summary>
    public const int Bytes = 64;

    // A number that no tensor's bytes have by chance: a piece that comes back without it was overrun, or is none of ours.
    private const ulong Mark = 0xE06E_DAE3_0B5E_55ED;
    private const int SmallestCapacity = 1024;

    private ulong _seal;
    private void* _allocation;

    /// <summary>Handle of its <see cref="RunMemory"/>; 0: nobody's.</summary>
    public nint Owner;

    /// <summary>Bytes after the header.</summary>
    public long Capacity;

    /// <summary>Bytes asked for; 0 while it is free.</summary>
    public long Size;

    /// <summary>Bytes from the beginning that were handed out since they were zeroed last.</summary>
    public long Dirty;

    /// <summary>Number of the run that used it last.</summary>
    public long LastRun;

    /// <summary>Of whom that run was.</summary>
    public int Tenant;

    /// <summary>The block before a piece that was handed out.</summary>
    public static RunBlock* Of(void* piece)
    {
        var block = (RunBlock*)((byte*)piece - Bytes);
        if (block->_seal != Mark)
        {
            // Somebody wrote before his memory's beginning: whatever is read next may be anybody's.
            Environment.FailFast("memory of the inference library was overwritten before its beginning");
        }

        return block;
    }

    public static void* Piece(RunBlock* block) => (byte*)block + Bytes;

    /// <summary>A new piece of zeroes, whatever the system had there before.</summary>
    /// <exception cref="OutOfMemoryException">The system has not that much.</exception>
    public static RunBlock* Make(long size, nint owner)
    {
        long capacity = Math.Max(SmallestCapacity, (size + Bytes - 1) & -(long)Bytes);
        void* allocation = NativeMemory.AllocZeroed((nuint)(capacity + (2 * Bytes)));
        var block = (RunBlock*)(((nuint)allocation + Bytes - 1) & ~(nuint)(Bytes - 1));
        *block = new RunBlock { _seal = Mark, _allocation = allocation, Owner = owner, Capacity = capacity };
        return block;
    }

    /// <summary>Zeroes what may have been written; gives how much that was.</summary>
    public static long Clear(RunBlock* block)
    {
        long dirty = block->Dirty;
        Clearing.Zero(Piece(block), (nuint)dirty);
        block->Dirty = 0;
        return dirty;
    }

    /// <summary>Back to the system. Whoever calls has zeroed it.</summary>
    public static void Free(RunBlock* block)
    {
        block->_seal = 0;
        NativeMemory.Free(block->_allocation);
    }
}
