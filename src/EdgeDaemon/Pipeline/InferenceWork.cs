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

    public InferResponseWriter Response { get; } = new();

    /// <summary>True when the body is the one input's bytes and nothing else.</summary>
    public bool Raw { get; set; }

    /// <summary>The answer says how the members voted; the caller may know.</summary>
    public bool WantsVotes { get; set; }

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

    /// <summary>The engine's inputs, in the contract's order.</summary>
    public Span<EngineInput> Inputs(int count)
    {
        if (_inputs.Length < count)
        {
            _inputs = new EngineInput[count];
        }

        return _inputs.AsSpan(0, count);
    }

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
        ReleaseMemory();
        Held?.LetGo();
        Held = null;
        Request.Reset();
        MessageRead = false;
        Name(default, default);
        Raw = false;
        WantsVotes = false;
        Entry.Close(bytes);
    }
}
