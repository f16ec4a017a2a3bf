using System.Runtime.CompilerServices;
using EdgeDaemon.Admission;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;
using EdgeDaemon.Listeners;
using EdgeDaemon.Models;
using EdgeDaemon.Validation;

namespace EdgeDaemon.Pipeline;

/// <summary>
/// The path of an inference request, and the only place that knows its order. Each stage is owned by its folder, knows
/// no other stage, and refuses by throwing <see cref="RefusedException"/>.
/// </summary>
internal sealed class InferencePipeline(
    ModelRegistry models, RequestAdmission admission, RequestDecoder decoder, ResponseEncoder encoder, LimitSettings limits)
{
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask InferAsync(HttpExchange exchange, RestRoute route)
    {
        InferenceWork work = exchange.Keep<InferenceWork>();
        try
        {
            admission.Enter();
            ServedModel model = models.Find(route.Model.Span, route.Version.Span);
            var body = new RequestBody(exchange.Body, exchange.ContentLength, limits, exchange.BodyClock);

            await decoder.ReadHeadAsync(exchange, body, work);
            Plan(work, body, model.Contract);
            admission.Open(work.Grant, work.Plan.TotalBytes);
            await RequestDecoder.ReadTensorsAsync(body, work, model.Contract);

            Lane lane = model.Engine.TryEnter(out Lane free) ? free : await model.Engine.WaitAsync(exchange.Aborted);
            try
            {
                if (lane.ExpectsLong(work.Inputs(work.Plan.Count)))
                {
                    SocketThreads.BeginLongWork();
                }

                lane.Run(work.Inputs(work.Plan.Count));
                encoder.Encode(exchange, work, model, lane);
            }
            finally
            {
                model.Engine.Leave(lane);
            }

            model.CountInference();
            await exchange.FlushAsync();
        }
        finally
        {
            work.End();
        }
    }

    private static void Plan(InferenceWork work, RequestBody body, ModelContract contract)
    {
        if (work.Raw)
        {
            InputValidation.PlanRaw(body.Length!.Value, contract, work.Plan);
        }
        else
        {
            InputValidation.Plan(work.Request, work.Json.Span, contract, work.Plan);
        }
    }
}
