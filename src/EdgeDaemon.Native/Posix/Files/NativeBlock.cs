using System.Buffers;
using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Posix.Files;

/// <summary>
/// Bytes outside the managed heap, aligned to 64 so that tensors in them can be used in place. Not movable, so pinning is free.
/// Who holds a span when the owner is disposed holds a dangling one: the owner outlives every use. No finaliser: the collector
/// cannot see such spans, and a forgotten block had better leak than be read after it was freed.
/// </summary>
internal sealed unsafe class NativeBlock : MemoryManager<byte>
{
    private const nuint Alignment = 64;

    private readonly int _length;
    private byte* _start;

    /// <exception cref="OutOfMemoryException">The system has not that much.</exception>
    public NativeBlock(int length)
    {
        _length = length;
        _start = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(length, 1), Alignment);
    }

    public override Memory<byte> Memory => CreateMemory(_length);

    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_start is null, this);
        return new Span<byte>(_start, _length);
    }

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ObjectDisposedException.ThrowIf(_start is null, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)_length);
        return new MemoryHandle(_start + elementIndex, pinnable: this);
    }

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
        byte* start = _start;
        _start = null;
        NativeMemory.AlignedFree(start);
    }
}
