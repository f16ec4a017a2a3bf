using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace EdgeDaemon.Tests.Posix;

/// <summary>
/// Bytes that a callee leaves deep on the stack of the thread that called it, and how many of them are still there: read from /proc/self/mem, as whoever took the process over could. The
/// pattern lies elsewhere too, but only the stack below one frame is looked at.
/// </summary>
internal sealed class LeftOnStack
{
    /// <summary>So many times the pattern is left.</summary>
    public const int Copies = 256;

    private const int Size = 16;
    private const int Looked = 64 * 1024;

    private readonly byte[] _pattern = RandomNumberGenerator.GetBytes(Size);
    private long _below;

    /// <summary>Somebody has left it.</summary>
    public bool IsLeft => Volatile.Read(ref _below) != 0;

    /// <summary>Fills 4 KiB of the calling thread's stack, beginning a good part of a kilobyte below the caller's frame, and returns. Compiled whole at once: a compiler that comes in between works on this very stack.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public void Leave()
    {
        Span<byte> between = stackalloc byte[512];
        Fill(between, [0]);
        Deep();
        byte here = 0;
        Volatile.Write(ref _below, Unsafe.ByteOffset(ref Unsafe.NullRef<byte>(), ref here));
    }

    /// <summary>How many copies are there now. From another thread than the one whose stack it is.</summary>
    public int Count()
    {
        long below = Volatile.Read(ref _below);
        byte[] stack = new byte[Looked];
        using FileStream memory = File.OpenRead("/proc/self/mem");
        memory.Position = below - Looked;
        memory.ReadExactly(stack);
        int found = 0;
        for (ReadOnlySpan<byte> rest = stack; rest.IndexOf(_pattern) is >= 0 and int at; rest = rest[(at + Size)..])
        {
            found++;
        }

        return found;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Count()} of {Copies} copies are left");

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private void Deep()
    {
        Span<byte> deep = stackalloc byte[Copies * Size];
        Fill(deep, _pattern);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Fill(Span<byte> memory, ReadOnlySpan<byte> with)
    {
        for (int at = 0; at < memory.Length; at += with.Length)
        {
            with.CopyTo(memory[at..]);
        }
    }
}
