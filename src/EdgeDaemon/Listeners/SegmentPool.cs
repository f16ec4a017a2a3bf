using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Listeners;

/// <summary>
/// Memory of the transport's pipes: pinned blocks in a few sizes, so that a small request takes little and a large body is read in few
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

    private readonly ConcurrentQueue<Segment>[] _free = [.. Enumerable.Range(0, Sizes).Select(_ => new ConcurrentQueue<Segment>())];
    private readonly Exact _exact;
    private long _allocated;

    public SegmentPool() => _exact = new Exact(this);

    public override int MaxBufferSize => Largest;

    /// <summary>Blocks that exist, in use or kept.</summary>
    public long AllocatedBytes => Interlocked.Read(ref _allocated);

    /// <summary>Blocks that wait for the next connection.</summary>
    public long WaitingBytes => _free.Select((queue, size) => (long)queue.Count * (Smallest * (int)Math.Pow(Step, size))).Sum();

    /// <summary>
    /// The same blocks for a writer that says with <see cref="Wrote"/> what it wrote. Zeroing a whole block for a small request costs more than the
    /// request; everybody else's blocks are zeroed whole.
    /// </summary>
    public MemoryPool<byte> ForExactWriter => _exact;

    /// <summary>The first bytes of memory that came from <see cref="ForExactWriter"/> were written.</summary>
    public static void Wrote(ReadOnlyMemory<byte> memory, int bytes)
    {
        if (MemoryMarshal.TryGetMemoryManager(memory, out Segment? segment, out int start, out _))
        {
            segment.Written = Math.Max(segment.Written, start + bytes);
        }
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

        if (!_free[size].TryDequeue(out Segment? segment))
        {
            segment = new Segment(this, size, bytes);
            Interlocked.Add(ref _allocated, bytes);
        }

        segment.Written = exact ? 0 : bytes;
        return segment;
    }

    private void TakeBack(Segment segment, int size)
    {
        if (_free[size].Count < KeptBytes / segment.Length)
        {
            _free[size].Enqueue(segment);
        }
        else
        {
            Interlocked.Add(ref _allocated, -segment.Length); // The collector takes it.
        }
    }

    private sealed class Exact(SegmentPool pool) : MemoryPool<byte>
    {
        public override int MaxBufferSize => Largest;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => pool.Rent(minBufferSize, exact: true);

        protected override void Dispose(bool disposing)
        {
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
