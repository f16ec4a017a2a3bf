using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Onnx;

/// <summary>
/// Native memory for one tensor, one request head or one answer: 64-byte aligned, never moved by the collector, and
/// zeroed over everything that may have been written before anyone else can receive it.
/// </summary>
public sealed unsafe class TensorBlock : MemoryManager<byte>
{
    private const nuint Alignment = 64;

    private readonly TensorBlockPool _pool;
    private readonly int _capacity;
    private byte* _data;
    private int _length;

    internal TensorBlock(TensorBlockPool pool, int capacity)
    {
        _pool = pool;
        _capacity = capacity;
        _data = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(capacity, 1), Alignment);
        NativeMemory.Clear(_data, (nuint)capacity);
    }

    /// <summary>Bytes that this block can hold; the memory shows the bytes that were asked for.</summary>
    public int Capacity => _capacity;

    /// <summary>Bytes that were asked for.</summary>
    public int Length => _length;

    /// <summary>The first byte; valid until <see cref="Return"/>.</summary>
    internal byte* Address => _data;

    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_data is null, this);
        return new Span<byte>(_data, _length);
    }

    public override MemoryHandle Pin(int elementIndex = 0) => new(_data + elementIndex);

    public override void Unpin()
    {
    }

    /// <summary>Gives the block back; its bytes are zero before the next owner sees it.</summary>
    public void Return() => _pool.TakeBack(this);

    internal void Begin(int length) => _length = length;

    internal void Clear() => NativeMemory.Clear(_data, (nuint)_length);

    internal void Free()
    {
        NativeMemory.AlignedFree(_data);
        _data = null;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Return();
        }
    }
}

/// <summary>
/// Tensor memory within one budget. Sizes are rounded up to classes of powers of two; free blocks of a class are kept on a
/// lock-free stack, a bounded number of each, so that neither tenants' requests nor their bursts share a lock or leave memory behind.
/// </summary>
public sealed class TensorBlockPool(long budget) : IDisposable
{
    private const int SmallestShift = 10;
    private const int Classes = 22;
    private const long KeptPerClass = 16L << 20;

    private readonly System.Collections.Concurrent.ConcurrentBag<TensorBlock>[] _free =
        [.. Enumerable.Range(0, Classes).Select(_ => new System.Collections.Concurrent.ConcurrentBag<TensorBlock>())];

    private readonly int[] _kept = new int[Classes];
    private long _inUse;

    /// <summary>Bytes rented now, rounded to their classes.</summary>
    public long InUse => Interlocked.Read(ref _inUse);

    /// <summary>False when the budget would be exceeded, or for more than 2^31-1 bytes.</summary>
    public bool TryRent(long bytes, [NotNullWhen(true)] out TensorBlock? block)
    {
        block = null;
        if (bytes is < 0 or > int.MaxValue)
        {
            return false;
        }

        int size = ClassOf((int)bytes);
        long capacity = CapacityOf(size, (int)bytes);
        if (Interlocked.Add(ref _inUse, capacity) > budget)
        {
            Interlocked.Add(ref _inUse, -capacity);
            return false;
        }

        if (size < Classes && _free[size].TryTake(out block))
        {
            Interlocked.Decrement(ref _kept[size]);
        }
        else
        {
            block = new TensorBlock(this, (int)capacity);
        }

        block.Begin((int)bytes);
        return true;
    }

    public void Dispose()
    {
        foreach (var bag in _free)
        {
            while (bag.TryTake(out TensorBlock? block))
            {
                block.Free();
            }
        }
    }

    internal void TakeBack(TensorBlock block)
    {
        Interlocked.Add(ref _inUse, -block.Capacity);
        block.Clear();
        int size = ClassOf(block.Capacity);
        if (size < Classes && (long)Interlocked.Increment(ref _kept[size]) * block.Capacity <= Math.Max(KeptPerClass, block.Capacity))
        {
            _free[size].Add(block);
            return;
        }

        if (size < Classes)
        {
            Interlocked.Decrement(ref _kept[size]);
        }

        block.Free();
    }

    private static int ClassOf(int bytes) =>
        Math.Max(0, 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)Math.Max(bytes - 1, 0)) - SmallestShift);

    private static long CapacityOf(int size, int bytes) => size < Classes - 1 ? 1L << (size + SmallestShift) : bytes;
}
