using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;
using EdgeDaemon.Listeners;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Pipeline;

/// <summary>What one gRPC message holds beside the rest of its work: where its tensors are, and the answer's head.</summary>
internal sealed class GrpcWork
{
    // A name and a version, each within the bound of names.
    private const int NameRoom = 2 * 256;

    private readonly List<BlockWriter> _tensors = [];
    private TensorBlockPool? _pool;
    private TensorAccount? _account;
    private long _limit;
    private int _used;

    public GrpcWork() => Message = new ModelInferRequestReader(NewTensor);

    public ModelInferRequestReader Message { get; }

    public ProtobufWriter Head { get; } = new();

    public ProtobufWriter Prefix { get; } = new();

    public Memory<char> NameText { get; } = new char[NameRoom];

    /// <param name="pool">Where tensors live.</param>
    /// <param name="limit">Bytes of one of them.</param>
    /// <param name="account">On whose account; null: nobody's.</param>
    public void Open(TensorBlockPool pool, long limit, TensorAccount? account = null)
    {
        _pool = pool;
        _limit = limit;
        _account = account;
    }

    public void End()
    {
        Message.Reset();
        Head.Reset();
        for (int i = 0; i < _used; i++)
        {
            _tensors[i].Dispose();
        }

        _used = 0;
    }

    // The writers stay for the next message, without their blocks: a message allocates nothing.
    private BlockWriter NewTensor()
    {
        if (_used == _tensors.Count)
        {
            _tensors.Add(new BlockWriter(_pool!, _limit, Refusal.BodyTooLarge));
        }

        BlockWriter tensor = _tensors[_used++];
        tensor.Account = _account;
        return tensor;
    }
}
