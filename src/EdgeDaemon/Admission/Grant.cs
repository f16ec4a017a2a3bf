using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Admission;

/// <summary>The tensor memory that one request may hold: rented piece by piece, given back whole, zeroed before anyone else has it.</summary>
internal sealed class Grant
{
    private readonly List<TensorBlock> _blocks = [];
    private TensorBlockPool? _pool;
    private TensorAccount? _account;
    private long _left;

    /// <param name="pool">Where it comes from.</param>
    /// <param name="account">On whose account.</param>
    /// <param name="bytes">At most so much.</param>
    public void Open(TensorBlockPool pool, TensorAccount account, long bytes)
    {
        _pool = pool;
        _account = account;
        _left = bytes;
    }

    public TensorBlock Rent(long bytes)
    {
        if (bytes > _left)
        {
            throw new RefusedException(Refusal.AdmissionMemory, $"{bytes} bytes are more than the request planned");
        }

        TensorBlock block = _pool!.Rent(bytes, _account);
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
        _account = null;
        _left = 0;
    }
}
