using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Admission;

/// <summary>The tensor memory that one request may hold: rented piece by piece, given back whole, zeroed before anyone else has it.</summary>
internal sealed class Grant
{
    private readonly List<TensorBlock> _blocks = [];
    private TensorBlockPool? _pool;
    private long _left;

    public void Open(TensorBlockPool pool, long bytes)
    {
        _pool = pool;
        _left = bytes;
    }

    public TensorBlock Rent(long bytes)
    {
        if (bytes > _left || !_pool!.TryRent(bytes, out TensorBlock? block))
        {
            throw new RefusedException(Refusal.AdmissionMemory, $"no {bytes} bytes left of max_tensor_bytes");
        }

        _left -= bytes;
        _blocks.Add(block);
        return block;
    }

    public void Close()
    {
        foreach (TensorBlock block in _blocks)
        {
            block.Return();
        }

        _blocks.Clear();
        _left = 0;
    }
}
