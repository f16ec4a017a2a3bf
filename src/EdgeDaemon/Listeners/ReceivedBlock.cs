using System.Buffers;

namespace EdgeDaemon.Listeners;

/// <summary>A block of the pool as a piece of what a <see cref="PlainReader"/> shows.</summary>
internal sealed class ReceivedBlock : ReadOnlySequenceSegment<byte>
{
    private IMemoryOwner<byte>? _owner;
    private Memory<byte> _memory;
    private int _written;

    public int Room => _memory.Length - _written;

    public Span<byte> Free => _memory.Span[_written..];

    public ReceivedBlock? NextBlock => (ReceivedBlock?)Next;

    public void Begin(IMemoryOwner<byte> owner)
    {
        _owner = owner;
        _memory = owner.Memory;
    }

    public void Wrote(int bytes)
    {
        _written += bytes;
        SegmentPool.Wrote(_owner!, _written);
        Memory = _memory[.._written];
    }

    public void Follow(ReceivedBlock next)
    {
        next.RunningIndex = RunningIndex + _written;
        Next = next;
    }

    public void End()
    {
        _owner?.Dispose();
        _owner = null;
        _memory = default;
        _written = 0;
        Memory = default;
        RunningIndex = 0;
        Next = null;
    }
}
