using System.Buffers;
using System.Runtime.InteropServices;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Native.Onnx;

/// <summary>
/// Native memory for one tensor, one request head or one answer: 64-byte aligned, never moved by the collector, zero when
/// rented, and zeroed over everything that may have been written before anyone else can receive it.
/// </summary>
public sealed unsafe class TensorBlock : MemoryManager<byte>
{
    private const int Alignment = 64;

    private readonly TensorBlockPool _pool;
    private void* _allocation;
    private byte* _data;
    private int _length;
    private int _rented;
    private TensorAccount? _account;

    /// <exception cref="OutOfMemoryException">The system has not that much.</exception>
    internal TensorBlock(TensorBlockPool pool, int capacity)
    {
        _pool = pool;
        Capacity = capacity;

        // calloc knows which pages come zeroed from the system and need not be touched.
        _allocation = NativeMemory.AllocZeroed((nuint)capacity + Alignment);
        _data = (byte*)(((nuint)_allocation + Alignment - 1) & ~(nuint)(Alignment - 1));
    }

    /// <summary>Bytes that this block takes of its pool's budget; the memory shows the bytes that were asked for.</summary>
    public int Capacity { get; }

    /// <summary>Bytes that were asked for; 0 when returned.</summary>
    public int Length => _length;

    /// <summary>The first byte; valid until <see cref="Return"/>.</summary>
    internal byte* Address => _data;

    public override Span<byte> GetSpan() => new(_data, _length);

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)_length);
        return new MemoryHandle(_data + elementIndex, pinnable: this);
    }

    public override void Unpin()
    {
    }

    /// <summary>Gives the block back, once; its bytes are zero before the next owner sees it.</summary>
    /// <exception cref="InvalidOperationException">It was given back before.</exception>
    public void Return()
    {
        // A block on the shelf twice would have two owners.
        if (Interlocked.Exchange(ref _rented, 0) == 0)
        {
            throw new InvalidOperationException("This tensor block was returned before.");
        }

        Clearing.Zero(_data, (nuint)_length);
        _length = 0;
        TensorAccount? account = _account;
        _account = null; // Before the block can have another owner.
        _pool.TakeBack(this, account);
    }

    internal void Begin(int length, TensorAccount? account)
    {
        _length = length;
        _account = account;
        Volatile.Write(ref _rented, 1);
    }

    internal void Free()
    {
        NativeMemory.Free(_allocation);
        _allocation = null;
        _data = null;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && Volatile.Read(ref _rented) != 0)
        {
            Return();
        }
    }
}
