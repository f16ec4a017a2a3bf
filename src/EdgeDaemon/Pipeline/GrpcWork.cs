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
    private long _limit;

    public GrpcWork() => Message = new ModelInferRequestReader(NewTensor);

    public ModelInferRequestReader Message { get; }

    public ProtobufWriter Head { get; } = new();

    public ProtobufWriter Prefix { get; } = new();

    public Memory<char> NameText { get; } = new char[NameRoom];

    public void Open(TensorBlockPool pool, long limit)
    {
        _pool = pool;
        _limit = limit;
    }

    public void End()
    {
        Message.Reset();
        Head.Reset();
        _tensors.ForEach(tensor => tensor.Dispose());
        _tensors.Clear();
    }

    private BlockWriter NewTensor()
    {
        var tensor = new BlockWriter(_pool!, _limit, Refusal.BodyTooLarge);
        _tensors.Add(tensor);
        return tensor;
    }
}
