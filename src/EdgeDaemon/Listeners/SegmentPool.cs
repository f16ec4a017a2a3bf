using System.Buffers;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Listeners;

/// <summary>
/// Memory of what connections receive and send: pinned blocks in a few sizes, so that a small request takes little and a large body is read in few
/// system calls. What was written into a block is zeroed when it comes back: the next to hold it may be another caller, and a block that
/// waits holds nobody's bytes. A bounded number of each size is kept for the next connection.
/// </summary>
internal sealed class SegmentPool : MemoryPool<byte>
{
    public const int Smallest = 4 * 1024;
    public const int Largest = 256 * 1024;

    private const int Sizes = 4;
    private const int Step = 4;
    private const int KeptBytes = 4 << 20;

    private readonly Shelf[] _free = [.. Enumerable.Range(0, Sizes).Select(_ => new Shelf())];
    private long _allocated;

    public override int MaxBufferSize => Largest;

    /// <summary>Blocks that exist, in use or kept.</summary>
    public long AllocatedBytes => Interlocked.Read(ref _allocated);

    /// <summary>Blocks that wait for the next connection.</summary>
    public long WaitingBytes => _free.Select((shelf, size) => (long)shelf.Count * (Smallest * (int)Math.Pow(Step, size))).Sum();

    /// <summary>
    /// A block for a writer that says with <see cref="Wrote"/> how far it wrote. Zeroing a whole block for a small request costs more than the
    /// request; everybody else's blocks are zeroed whole.
    /// </summary>
    public IMemoryOwner<byte> RentExact(int bytes) => Rent(bytes, exact: true);

    /// <summary>The first bytes of a block from <see cref="RentExact"/> were written.</summary>
    public static void Wrote(IMemoryOwner<byte> block, int bytes)
    {
        var segment = (Segment)block;
        segment.Written = Math.Max(segment.Written, bytes);
    }

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => Rent(minBufferSize, exact: false);

    protected override void Dispose(bool disposing)
    {
    }

    private Segment Rent(int minBufferSize, bool exact)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, Largest);
        int size = 0;
        int bytes = Smallest;
        while (bytes < minBufferSize)
        {
            bytes *= Step;
            size++;
        }

        if (_free[size].Take() is not { } segment)
        {
            segment = new Segment(this, size, bytes);
            Interlocked.Add(ref _allocated, bytes);
        }

        segment.Written = exact ? 0 : bytes;
        return segment;
    }

    private void TakeBack(Segment segment, int size)
    {
        if (!_free[size].TryPut(segment, KeptBytes / segment.Length))
        {
            Interlocked.Add(ref _allocated, -segment.Length); // The collector takes it.
        }
    }

    // The last to come back is the first to go: it is still in the caches.
    private sealed class Shelf
    {
        private readonly Lock _lock = new();
        private Segment?[] _segments = new Segment?[16];

        public int Count { get; private set; }

        public Segment? Take()
        {
            lock (_lock)
            {
                if (Count == 0)
                {
                    return null;
                }

                Segment? last = _segments[--Count];
                _segments[Count] = null;
                return last;
            }
        }

        public bool TryPut(Segment segment, int most)
        {
            lock (_lock)
            {
                if (Count == most)
                {
                    return false;
                }

                if (Count == _segments.Length)
                {
                    Array.Resize(ref _segments, 2 * Count);
                }

                _segments[Count++] = segment;
                return true;
            }
        }
    }

    // Disposing means giving back: the object and its block are used again.
    private sealed class Segment(SegmentPool pool, int size, int bytes) : MemoryManager<byte>
    {
        private readonly byte[] _block = GC.AllocateArray<byte>(bytes, pinned: true);

        public int Length => _block.Length;

        /// <summary>Zeroed up to here when it comes back.</summary>
        public int Written { get; set; }

        public override Span<byte> GetSpan() => _block;

        public override MemoryHandle Pin(int elementIndex = 0) => _block.AsMemory(elementIndex).Pin();

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
            Clearing.Zero(_block.AsSpan(0, Written));
            pool.TakeBack(this, size);
        }
    }
}
