using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;
using EdgeDaemon.Listeners;
using EdgeDaemon.Models;
using EdgeDaemon.Validation;

namespace EdgeDaemon.Pipeline;

/// <summary>REST: JSON, binary tensors behind it, or raw bytes alone.</summary>
internal sealed class RestWire(RequestDecoder decoder, ResponseEncoder encoder, LimitSettings limits) : IInferenceWire
{
    public long? BodyBytes(HttpExchange exchange) => exchange.ContentLength;

    public ValueTask NameModelAsync(HttpExchange exchange, InferenceWork work) => ValueTask.CompletedTask;

    public ValueTask ReadHeadAsync(HttpExchange exchange, InferenceWork work) => decoder.ReadHeadAsync(exchange, Body(exchange), work);

    public void Plan(HttpExchange exchange, InferenceWork work, ModelContract contract)
    {
        if (work.Raw)
        {
            InputValidation.PlanRaw(exchange.ContentLength!.Value, contract, work.Plan);
        }
        else
        {
            InputValidation.Plan(work.Request, work.Json.Span, contract, work.Plan);
        }
    }

    public ValueTask ReadTensorsAsync(HttpExchange exchange, InferenceWork work, ModelContract contract) =>
        RequestDecoder.ReadTensorsAsync(Body(exchange), work, contract);

    public void Encode(HttpExchange exchange, InferenceWork work, ServedModel model, RunAnswer answer) => encoder.Encode(exchange, work, model, answer);

    public void EncodeReport(HttpExchange exchange, InferenceWork work, ServedModel model, ReadOnlySpan<ResponseParameter> parameters) => encoder.EncodeReport(exchange, work, model, parameters);

    private RequestBody Body(HttpExchange exchange) => new(exchange.Body, exchange.ContentLength, limits, exchange.BodyClock);
}
