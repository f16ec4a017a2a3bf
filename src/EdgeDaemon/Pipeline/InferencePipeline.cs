using System.Diagnostics;
using System.Runtime.CompilerServices;
using EdgeDaemon.Admission;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Configuration;
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
internal sealed class InferencePipeline(ModelRegistry models, Authorisation authorisation, RequestAdmission admission, RequestCounters counters, Certification certification, AuditTrail audit, LimitSettings limits)
{
    private readonly long _timeout = Ticks(limits.RequestTimeout);

    /// <summary>Whoever calls sends the answer, and ends the work.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask InferAsync(HttpExchange exchange, IInferenceWire wire, InferenceWork work)
    {
        RequestTimes times = RequestTimes.Begin();
        exchange.ModelPlace = 0; // Of a stream, each message names its own.
        exchange.Draft.Begin(times.Begun);
        Tenant tenant = authorisation.Enter(exchange, Access.Infer)!;
        audit.RequireOpen(); // What could not be recorded is not decided.
        exchange.BodyClock.BeginWork(times.Begun + _timeout);
        admission.Enter(work.Entry, tenant, wire.BodyBytes(exchange), times.Begun);
        await wire.NameModelAsync(exchange, work);
        exchange.Draft.Ask(work.Model.Span, work.Version.Span);
        Authorisation.RequireModel(tenant, work.Model.Span, Access.Infer);
        ServedModel model = work.Hold(models.Hold(work.Model.Span, work.Version.Span));
        exchange.ModelPlace = model.Place;
        exchange.Draft.Model = model.Audited;
        if (model.Engine.IsBusy)
        {
            work.Entry.RequirePlace(admission.QueueOf(model.Name), model.Name);
        }

        await wire.ReadHeadAsync(exchange, work);
        work.WantsVotes = VoteReport.IsWanted(work.Request);
        if (work.WantsVotes)
        {
            authorisation.RequireDetail(exchange);
            VoteReport.RequireVotes(model.Engine.Ensemble);
        }

        bool wantsReceipt = audit.IsReceiptWanted(work.Request);
        if (wantsReceipt)
        {
            authorisation.RequireDetail(exchange); // How many records there are says what other tenants do.
        }

        var policy = SchedulePolicy.Of(work.Request);
        if (policy.Timeout is { } timeout)
        {
            exchange.BodyClock.Shorten(times.Begun + Ticks(timeout));
        }

        wire.Plan(exchange, work, model.Contract);
        exchange.Draft.InputBytes = work.Plan.ArrivingBytes;
        long certifying = certification.Plan(exchange, work, model);
        admission.Open(work.Grant, work.Entry, work.Plan.TotalBytes + certifying);
        await wire.ReadTensorsAsync(exchange, work, model.Contract);
        long now = times.TensorsReady();

        try
        {
            exchange.RefuseWhenLate(now);
            if (work.Smoothing is not null)
            {
                (times, now) = await certification.AnswerAsync(exchange, wire, work, model, policy.Priority, times, wantsReceipt);
            }
            else
            {
                LaneTurn turn = model.Engine.TryEnter(out Lane free) ? new LaneTurn(free) : await WaitAsync(exchange, work, model, policy.Priority);
                TenantAccount account = work.Entry.Account!;
                now = 0;
                long entered = times.LaneEntered();
                try
                {
                    // HTTP/2 begins its calls where the frames of all callers are read: nothing keeps a thread from that for a millisecond.
                    var place = new RunPlace(model.MayRunLong, exchange.Threads.LongRuns, work.RunHere(exchange), work.Leaving);
                    RunAnswer answer = await turn.RunAsync(work.Inputs(work.Plan.Count), account, exchange.BodyClock.Deadline, place);
                    times.Run(answer);
                    audit.Take(exchange.Draft, answer, model.Contract.Outputs.Length);
                    work.Told = work.WantsVotes ? VoteReport.Of(answer) : [];
                    if (wantsReceipt)
                    {
                        await Receipt.AddAsync(audit, exchange, work, times);
                    }

                    wire.Encode(exchange, work, model, answer);
                    now = turn.Lane.Statistics.CountAnswer(times, answer.RunRows);
                }
                finally
                {
                    if (turn.Lane.Guard!.IsLost)
                    {
                        work.LoseTo(turn.Lane.Guard); // It works with the request's memory for who knows how long.
                        exchange.Forget();
                    }

                    model.Engine.Leave(turn);
                    account.Usage.CountLane((now == 0 ? Stopwatch.GetTimestamp() : now) - entered); // A run that was shared is the first one's.
                }
            }
        }
        catch
        {
            model.Engine.CountFailure(times);
            throw;
        }

        // A caller that reads its answer slowly, and one whose record is not on the disk yet, holds the answer's bytes, on its tenant's account, but no lane and none of what came in.
        audit.Take(exchange.Draft, work.Arrived(work.Plan.Count).Span);
        work.ReleaseMemory();
        AuditPlace recorded = await audit.AnswerAsync(exchange, times, now);
        if (!recorded.Permits)
        {
            exchange.Abort(); // It is written, and must not leave.
            throw AuditTrail.Unrecorded(recorded);
        }

        model.CountInference();
        counters.CountAnswer(tenant.Index + 1, model.Place, exchange.TakeReceivedBytes(), exchange.TakeSentBytes());
    }

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<LaneTurn> WaitAsync(HttpExchange exchange, InferenceWork work, ServedModel model, int priority)
    {
        work.Entry.TakePlace(admission.QueueOf(model.Name), model.Name);
        try
        {
            Tenant tenant = work.Entry.Account!.Tenant;
            var request = new LaneRequest(
                tenant.Index, tenant.Settings.Share, priority, Lane.Bytes(work.Inputs(work.Plan.Count).Span), exchange.BodyClock.Deadline, work.Inputs(work.Plan.Count), work.Entry.Account, work.LeavePlace, Alone: work.WantsVotes && !VoteReport.HasRowEach(model.Engine.Ensemble!));
            return await model.Engine.WaitAsync(work.Waiter, request, exchange.Aborted);
        }
        finally
        {
            work.Entry.LeavePlace();
        }
    }
}
