using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;
using EdgeDaemon.Listeners;
using EdgeDaemon.Models;

namespace EdgeDaemon.Pipeline;

/// <summary>How a request is written and its answer read: the stages in which REST and gRPC differ, in the order of the line.</summary>
internal interface IInferenceWire
{
    /// <summary>Bytes of the body as stated; null when nobody knows until it has come.</summary>
    long? BodyBytes(HttpExchange exchange);

    /// <summary>Which model: REST's path has said it, in gRPC the message does.</summary>
    ValueTask NameModelAsync(HttpExchange exchange, InferenceWork work);

    /// <summary>Names, shapes and parameters, as far as they are not known yet.</summary>
    ValueTask ReadHeadAsync(HttpExchange exchange, InferenceWork work);

    /// <summary>The head against the model's contract.</summary>
    void Plan(HttpExchange exchange, InferenceWork work, ModelContract contract);

    /// <summary>The tensors, checked and prepared, as the engine's inputs.</summary>
    ValueTask ReadTensorsAsync(HttpExchange exchange, InferenceWork work, ModelContract contract);

    /// <summary>The run's answer into the server's output; nothing is sent if it is refused.</summary>
    void Encode(HttpExchange exchange, InferenceWork work, ServedModel model, RunAnswer answer);

    /// <summary>An answer of parameters alone; nothing is sent if it is refused.</summary>
    void EncodeReport(HttpExchange exchange, InferenceWork work, ServedModel model, ReadOnlySpan<ResponseParameter> parameters);
}
