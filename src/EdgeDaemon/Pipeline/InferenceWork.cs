using EdgeDaemon.Admission;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;
using EdgeDaemon.Listeners;
using EdgeDaemon.Models;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Validation;

namespace EdgeDaemon.Pipeline;

/// <summary>What one request holds while it moves down the line. Kept by its connection and reused, so that a request allocates nothing.</summary>
internal sealed class InferenceWork
{
    private EngineInput[] _inputs = [];
    private EngineInput[] _arrived = [];
    private HttpExchange? _exchange;
    private object? _thread;
    private Action? _cut;
    private Action? _leavePlace;
    private LaneGuard? _lost;

    /// <summary>The model's name as the request gave it.</summary>
    public ReadOnlyMemory<char> Model { get; private set; }

    /// <summary>Its version; empty asks for the one that is served.</summary>
    public ReadOnlyMemory<char> Version { get; private set; }

    /// <summary>The model that answers, held until the work ends; null until it is found.</summary>
    public ServedModel? Held { get; private set; }

    /// <summary>A gRPC message was read to its end: whatever else is wrong with it, the next one can be found.</summary>
    public bool MessageRead { get; set; }

    /// <summary>Null until the first gRPC message.</summary>
    public GrpcWork? Grpc { get; set; }

    /// <summary>The decoded head; empty for a raw request.</summary>
    public InferRequest Request { get; } = new();

    public InputPlan Plan { get; } = new();

    /// <summary>Among the requests in flight.</summary>
    public Entry Entry { get; } = new();

    /// <summary>Tensor memory.</summary>
    public Grant Grant { get; } = new();

    /// <summary>Its place in a model's queue.</summary>
    public LaneWaiter Waiter { get; } = new();

    /// <summary>It waits no more: another may have its place among those whom admission lets wait.</summary>
    public Action LeavePlace => _leavePlace ??= Entry.LeavePlace;

    public InferResponseWriter Response { get; } = new();

    /// <summary>True when the body is the one input's bytes and nothing else.</summary>
    public bool Raw { get; set; }

    /// <summary>The answer says how the members voted; the caller may know.</summary>
    public bool WantsVotes { get; set; }

    /// <summary>What the answer says beside its tensors: its parameters.</summary>
    public ResponseParameter[] Told { get; set; } = [];
    /// <summary>What it asks to be certified; null: nothing.</summary>
    public SmoothingWork? Smoothing { get; set; }

    /// <summary>The JSON part of the body.</summary>
    public ReadOnlyMemory<byte> Json { get; set; }

    public TensorBlock? JsonBlock { get; set; }

    public BlockWriter? JsonWriter { get; set; }

    /// <summary>The JSON head of the answer while it is written; empty between requests.</summary>
    public BlockWriter? AnswerHead { get; set; }

    public void Name(ReadOnlyMemory<char> model, ReadOnlyMemory<char> version)
    {
        Model = model;
        Version = version;
    }

    /// <summary>Takes over a hold of the model.</summary>
    public ServedModel Hold(ServedModel model) => Held = model;

    /// <summary>The inputs as they came, in the contract's order: those that were prepared, before that.</summary>
    public Memory<EngineInput> Arrived(int count)
    {
        if (_arrived.Length < count)
        {
            _arrived = new EngineInput[count];
        }

        return _arrived.AsMemory(0, count);
    }

    /// <summary>The engine's inputs, in the contract's order.</summary>
    public Memory<EngineInput> Inputs(int count)
    {
        if (_inputs.Length < count)
        {
            _inputs = new EngineInput[count];
        }

        return _inputs.AsMemory(0, count);
    }

    /// <summary>The model runs on the calling thread. What this gives cuts the caller off, should it not come back: from another thread, while this one is inside.</summary>
    public Action RunHere(HttpExchange exchange)
    {
        Leaving ??= () => _exchange!.Aborted;
        _exchange = exchange;
        _thread = SocketThreads.Mine;
        return _cut ??= CutOff;
    }

    /// <summary>For a run that may be long: fires when its caller goes away.</summary>
    public Func<CancellationToken>? Leaving { get; private set; }

    /// <summary>A run that was given up has all of this until it comes back: its connection works with another from now on.</summary>
    public void LoseTo(LaneGuard lane) => _lost = lane;

    /// <summary>Gives tensor memory back: nothing of the request can be read any more.</summary>
    public void ReleaseMemory()
    {
        Grant.Close();
        Grpc?.End();
        JsonBlock?.Return();
        JsonBlock = null;
        JsonWriter?.Dispose();
        JsonWriter = null;
        Json = default;
    }

    /// <param name="bytes">That came of its body.</param>
    public void End(long bytes)
    {
        // Whatever became of its lane: the seed and the counts are no run's, and nobody writes noise any more.
        Smoothing?.Dispose();
        Smoothing = null;
        if (_lost is { } lane)
        {
            Entry.Close(bytes);
            lane.Inherit(() =>
            {
                ReleaseMemory();
                Held?.LetGo();
            });
            return;
        }

        ReleaseMemory();
        Held?.LetGo();
        Held = null;
        Request.Reset();
        MessageRead = false;
        Name(default, default);
        Raw = false;
        WantsVotes = false;
        Told = [];
        Entry.Close(bytes);
    }

    private void CutOff()
    {
        _exchange!.Abort();
        Entry.Close(_exchange.BodyClock.Bytes);
        SocketThreads.Replace(_thread);
    }
}
