using System.Runtime.CompilerServices;
using EdgeDaemon.Admission;
using EdgeDaemon.Engine;
using EdgeDaemon.Identity;
using EdgeDaemon.Listeners;
using EdgeDaemon.Models;
using EdgeDaemon.Monitoring;

namespace EdgeDaemon.Pipeline;

/// <summary>
/// The path of an inference request, whatever wire it came by, and the only place that knows its order. Each stage is owned by its
/// folder, knows no other stage, and refuses by throwing <see cref="Core.Protocol.RefusedException"/>.
/// </summary>
internal sealed class InferencePipeline(ModelRegistry models, Authorisation authorisation, RequestAdmission admission, RequestCounters counters)
{
    /// <summary>Whoever calls ends the work.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask InferAsync(HttpExchange exchange, IInferenceWire wire, InferenceWork work)
    {
        RequestTimes times = RequestTimes.Begin();
        exchange.ModelPlace = 0; // Of a stream, each message names its own.
        Tenant tenant = authorisation.Enter(exchange, Access.Infer)!;
        admission.Enter();
        await wire.NameModelAsync(exchange, work);
        Authorisation.RequireModel(tenant, work.Model.Span, Access.Infer);
        ServedModel model = work.Hold(models.Hold(work.Model.Span, work.Version.Span));
        exchange.ModelPlace = model.Place;

        await wire.ReadHeadAsync(exchange, work);
        wire.Plan(exchange, work, model.Contract);
        admission.Open(work.Grant, work.Plan.TotalBytes);
        await wire.ReadTensorsAsync(exchange, work, model.Contract);
        times.TensorsReady();

        try
        {
            exchange.RefuseWhenLate();
            Lane lane = model.Engine.TryEnter(out Lane free) ? free : await model.Engine.WaitAsync(exchange.GivenUp);
            try
            {
                times.LaneEntered();
                if (lane.ExpectsLong(work.Inputs(work.Plan.Count)))
                {
                    SocketThreads.BeginLongWork();
                }

                lane.Run(work.Inputs(work.Plan.Count));
                times.Run();
                lane.Statistics.CountExecution();
                wire.Encode(exchange, work, model, lane);
                lane.Statistics.CountAnswer(times);
            }
            finally
            {
                model.Engine.Leave(lane);
            }
        }
        catch
        {
            model.Engine.CountFailure(times);
            throw;
        }

        model.CountInference();
        counters.CountAnswer(tenant.Index + 1, model.Place, exchange.TakeReceivedBytes(), exchange.TakeSentBytes());
        await exchange.FlushAsync();
    }
}
