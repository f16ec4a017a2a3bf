using System.Runtime.CompilerServices;
using EdgeDaemon.Admission;
using EdgeDaemon.Engine;
using EdgeDaemon.Identity;
using EdgeDaemon.Listeners;
using EdgeDaemon.Models;

namespace EdgeDaemon.Pipeline;

/// <summary>
/// The path of an inference request, whatever wire it came by, and the only place that knows its order. Each stage is owned by its
/// folder, knows no other stage, and refuses by throwing <see cref="Core.Protocol.RefusedException"/>.
/// </summary>
internal sealed class InferencePipeline(ModelRegistry models, Authorisation authorisation, RequestAdmission admission)
{
    /// <summary>Whoever calls sends the answer, and ends the work.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask InferAsync(HttpExchange exchange, IInferenceWire wire, InferenceWork work)
    {
        RequestTimes times = RequestTimes.Begin();
        Tenant tenant = authorisation.Enter(exchange, Access.Infer)!;
        admission.Enter();
        await wire.NameModelAsync(exchange, work);
        Authorisation.RequireModel(tenant, work.Model.Span, Access.Infer);
        ServedModel model = models.Find(work.Model.Span, work.Version.Span);

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
                    // HTTP/2 begins its calls where the frames of all callers are read: nothing keeps a thread from that for a millisecond.
                    await exchange.Threads.Enter();
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
    }
}
