using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Native.Onnx.Memory;

/// <summary>
/// What a run gets that asks for far more than it may have. The library cannot be refused memory (a null in the middle of a run ends the process),
/// and a run can be stopped only between two operators: so the operator at hand is given address space of any size behind which the same pages lie
/// again and again. What it computes there is rubbish, and nobody will see it.
/// </summary>
internal static unsafe class OverrunReserve
{
    /// <summary>Memory behind one such piece, however large it is.</summary>
    public const int Bytes = 64 << 20;

    /// <summary>No larger piece: the kernel's tables of what lies where are memory, too (an eighth of a gigabyte for this much), and a process may have 65,530 mappings.</summary>
    public const long Most = 64L << 30;

    private const int None = 0; // PROT_NONE
    private const int ReadWrite = 3;
    private const int Shared = 0x01;
    private const int Private = 0x02;
    private const int Fixed = 0x10;
    private const int Anonymous = 0x20;
    private const int NoReserve = 0x4000;
    private const uint CloseOnExec = 1; // MFD_CLOEXEC

    // By the address of the piece: a header before it would be overwritten from the next turn of the pages.
    private static readonly Dictionary<nint, nuint> Mapped = [];
    private static int _count;

    /// <summary>At least so many bytes; null beyond <see cref="Most"/>, or when the system has not even that.</summary>
    public static void* Map(long size)
    {
        if (size > Most)
        {
            return null;
        }

        long length = (size / Bytes * Bytes) + Bytes;
        int memory;
        fixed (byte* name = "edged-overrun\0"u8)
        {
            memory = ProcessCalls.MemoryFile(name, CloseOnExec);
        }

        if (memory < 0)
        {
            return null;
        }

        try
        {
            nint start = length > 0 && ProcessCalls.Truncate(memory, Bytes) == 0 ? ProcessCalls.Map(0, (nuint)length, None, Private | Anonymous | NoReserve, -1, 0) : -1;
            if (start == -1)
            {
                return null;
            }

            for (long at = 0; at < length; at += Bytes)
            {
                if (ProcessCalls.Map(start + (nint)at, Bytes, ReadWrite, Shared | Fixed, memory, 0) == -1)
                {
                    _ = ProcessCalls.Unmap(start, (nuint)length);
                    return null;
                }
            }

            lock (Mapped)
            {
                Mapped.Add(start, (nuint)length);
                _count = Mapped.Count;
            }

            return (void*)start;
        }
        finally
        {
            _ = FileCalls.Close(memory); // The mapping holds it: when that goes, the pages go, and with them what was written.
        }
    }

    /// <summary>Whether the piece is of the reserve; then it is gone now.</summary>
    public static bool TryUnmap(nint piece)
    {
        if (Volatile.Read(ref _count) == 0)
        {
            return false;
        }

        nuint length;
        lock (Mapped)
        {
            if (!Mapped.Remove(piece, out length))
            {
                return false;
            }

            _count = Mapped.Count;
        }

        _ = ProcessCalls.Unmap(piece, length);
        return true;
    }
}
