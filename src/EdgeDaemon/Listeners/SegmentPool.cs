using System.Buffers;
using System.Collections.Concurrent;

namespace EdgeDaemon.Listeners;

/// <summary>
/// Memory of the transport's pipes: pinned blocks in a few sizes, so that a small request takes little and a large body is read
/// in few system calls. A bounded number of each size is kept for the next connection.
/// </summary>
internal sealed class SegmentPool : MemoryPool<byte>
{
    public const int Smallest = 4 * 1024;
    public const int Largest = 256 * 1024;

    private const int Sizes = 4;
    private const int Step = 4;
    private const int KeptBytes = 4 << 20;

    private readonly ConcurrentQueue<Segment>[] _free = [.. Enumerable.Range(0, Sizes).Select(_ => new ConcurrentQueue<Segment>())];

    public override int MaxBufferSize => Largest;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, Largest);
        int size = 0;
        int bytes = Smallest;
        while (bytes < minBufferSize)
        {
            bytes *= Step;
            size++;
        }

        return _free[size].TryDequeue(out Segment? segment) ? segment : new Segment(this, size, bytes);
    }

    protected override void Dispose(bool disposing)
    {
    }

    private void TakeBack(Segment segment, int size)
    {
        if (_free[size].Count < KeptBytes / segment.Memory.Length)
        {
            _free[size].Enqueue(segment);
        }
    }

    // Disposing means giving back: the object and its block are used again.
    private sealed class Segment(SegmentPool pool, int size, int bytes) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } = GC.AllocateUninitializedArray<byte>(bytes, pinned: true);

        public void Dispose() => pool.TakeBack(this, size);
    }
}
