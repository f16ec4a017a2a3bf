using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Listeners;

/// <summary>
/// A growing buffer over tensor memory: what is written here is counted in the memory budget, bounded, and zeroed when
/// it goes back, unlike a managed array that the collector moves and keeps copies of.
/// </summary>
internal sealed class BlockWriter(TensorBlockPool pool, long limit, Refusal overLimit) : ITensorMemory, IDisposable
{
    private const int FirstBlock = 4096;

    private TensorBlock? _block;
    private int _written;

    /// <summary>On whose account the memory is; null: nobody's.</summary>
    public TensorAccount? Account { get; set; }

    public int WrittenCount => _written;

    /// <summary>Bytes that can be written without more memory.</summary>
    public int Free => (_block?.Length ?? 0) - _written;

    public ReadOnlyMemory<byte> WrittenMemory => _block is null ? default : _block.Memory[.._written];

    public Span<byte> Written => _block is null ? default : _block.GetSpan()[.._written];

    /// <summary>The block that holds what was written, until this is disposed; null before anything was.</summary>
    public TensorBlock? Block => _block;

    public void Truncate(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)_written);
        _written = count;
    }

    public void Advance(int count) => _written = checked(_written + count);

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Ensure(Math.Max(sizeHint, 1));
        return _block!.Memory[_written..];
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Ensure(Math.Max(sizeHint, 1));
        return _block!.GetSpan()[_written..];
    }

    public void Dispose()
    {
        _block?.Return();
        _block = null;
        _written = 0;
    }

    private void Ensure(int free)
    {
        int capacity = _block?.Length ?? 0;
        if (capacity - _written >= free)
        {
            return;
        }

        long wanted = Math.Max((long)_written + free, Math.Max(FirstBlock, 2L * capacity));
        if (wanted > limit)
        {
            wanted = Math.Max((long)_written + free, Math.Min(limit, int.MaxValue));
        }

        if (wanted > limit || wanted > int.MaxValue)
        {
            throw new RefusedException(overLimit, $"more than {limit} bytes");
        }

        TensorBlock larger = pool.Rent(wanted, Account);
        if (_block is not null)
        {
            _block.GetSpan()[.._written].CopyTo(larger.GetSpan());
            _block.Return();
        }

        _block = larger;
    }
}
