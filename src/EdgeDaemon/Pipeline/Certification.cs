using System.Collections.Immutable;
using System.Diagnostics;
using EdgeDaemon.Admission;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Engine;
using EdgeDaemon.Engine.Smoothing;
using EdgeDaemon.Identity;
using EdgeDaemon.Listeners;
using EdgeDaemon.Models;

namespace EdgeDaemon.Pipeline;

/// <summary>
/// The branch of the request's line for certification: in place of one run, as many as the question takes, each by a turn of its own on a lane. It has two entries: what is asked is
/// held against what is offered while the head alone is known; the runs follow when the tensors are there.
/// </summary>
internal sealed class Certification(RequestAdmission requests, SmoothingAdmission admission, Authorisation authorisation, AuditTrail audit)
{
    /// <summary>Of one request: what is answered of each is read whole.</summary>
    public const int MostInputs = VoteReport.MostRows;

    // An answer must leave before the request's deadline: so much of its time is kept for that, and never less than this.
    private const double KeptShare = 0.02;
    private static readonly long KeptAtLeast = Stopwatch.Frequency / 50;

    /// <summary>The request's question, kept with its work; nothing when it asks none.</summary>
    /// <returns>Bytes of tensor memory that it takes beside its inputs.</returns>
    /// <exception cref="RefusedException">What it asks is not to be had.</exception>
    public long Plan(HttpExchange exchange, InferenceWork work, ServedModel model)
    {
        if (SmoothingWish.Of(work.Request) is not { } wish)
        {
            return 0;
        }

        if (wish.RevealSeed)
        {
            authorisation.RequireDetail(exchange);
        }

        long inputs = work.Plan[0].Shape[0];
        Tenant tenant = work.Entry.Account!.Tenant;
        if (model.Smoothing is not null && inputs is < 1 or > MostInputs)
        {
            throw new RefusedException(Refusal.SmoothingTooManyInputs, $"{inputs} inputs; a certification has 1 to {MostInputs}");
        }

        SmoothingQuestion question = SmoothingOffer.Of(wish, model.Smoothing, inputs, admission.Settings, tenant.Settings);
        if (work.WantsVotes || !work.Request.Outputs.IsEmpty)
        {
            throw new RefusedException(Refusal.SmoothingConflict, "a certification has neither outputs nor votes of a run");
        }

        work.Smoothing = new SmoothingWork(wish, question, SmoothingOffer.Time(wish, admission.Settings, tenant.Settings));
        work.Smoothing.Charge(work.Entry.Account!, inputs * SmoothedInput.MemoryOf(model.Smoothing!.Classes, Away(model.Smoothing!, question)));
        return Batches(model.Smoothing!) * BatchBytes(model.Smoothing!);
    }

    /// <summary>All runs of it; then its answer is in the server's output.</summary>
    /// <returns>The request's times, to the end of the last run, and the time that it is.</returns>
    /// <exception cref="RefusedException">It has no answer.</exception>
    public async ValueTask<(RequestTimes Times, long Now)> AnswerAsync(HttpExchange exchange, IInferenceWire wire, InferenceWork work, ServedModel model, int priority, RequestTimes times, bool wantsReceipt)
    {
        SmoothingWork smoothing = work.Smoothing!;
        ModelSmoothing offer = model.Smoothing!;
        TenantAccount account = work.Entry.Account!;
        admission.Enter(account);
        try
        {
            string commitment = smoothing.Commitment; // Bound before the first sample.
            var run = new SmoothingRun(Inputs(work, offer), model.Certifying[account.Tenant.Index], account);
            var loop = new SmoothingLoop(run, Batch(work, offer), Batch(work, offer), offer.Rules.Output, offer.Classes, TimeProvider.System, model.Manifest.Ensemble?.Rule ?? VoteRule.Mean, offer.Gathers ? Batch(work, offer) : null);
            long now = Stopwatch.GetTimestamp();
            long deadline = exchange.BodyClock.Deadline;
            long kept = Math.Max(KeptAtLeast, (long)((deadline - now) * KeptShare));
            long budget = Math.Min(deadline - kept, now + (long)(smoothing.Time.TotalSeconds * Stopwatch.Frequency));

            // Always with nothing of the caller's below it on the stack: whoever waits for this must be answered also when a run never comes back.
            var place = new RunPlace(MayRunLong: true, exchange.Threads.LongRuns, work.RunHere(exchange), work.Leaving);
            CancellationToken leaving = exchange.Aborted;
            long entered = 0;
            await loop.RunAsync(EnterAsync, Leave, account, budget, deadline, place);
            smoothing.Answers = run.Inputs;
            times.Ran(loop.Begun == 0 ? now : loop.Begun, loop.Begun == 0 ? now : loop.Ended);
            if (smoothing.Question.Mode != SmoothingMode.Predict)
            {
                smoothing.Certificates = [.. run.Inputs.Select(input => CertificateOf.Input(model, smoothing, commitment, input))];
            }

            await CertificationRecord.WriteAsync(audit, exchange, smoothing, run.Inputs);
            model.Smoothed.Count(run.Inputs, loop.Runs, loop.FailedRuns);
            work.Told = SmoothingReport.Of(smoothing, run.Inputs);
            if (wantsReceipt)
            {
                await Receipt.AddAsync(audit, exchange, work, times);
            }

            wire.EncodeReport(exchange, work, model, work.Told);
            return (times, model.Engine.CountCertified(times, offer.Rules.Batch));

            async ValueTask<LaneTurn> EnterAsync(long bytes)
            {
                if (leaving.IsCancellationRequested)
                {
                    throw new RefusedException(Refusal.EngineCancelled, "the caller went away while its request was certified");
                }

                if (requests.Draining)
                {
                    throw new RefusedException(Refusal.AdmissionDeadline, "the daemon is stopping: what was decided so far is answered");
                }

                LaneTurn turn = model.Engine.TryEnter(out Lane free) ? new LaneTurn(free) : await WaitAsync(exchange, work, model, priority, bytes, budget);
                entered = Stopwatch.GetTimestamp();
                return turn;
            }

            void Leave(LaneTurn turn)
            {
                if (turn.Lane.Guard!.IsLost)
                {
                    work.LoseTo(turn.Lane.Guard);
                    exchange.Forget();
                }

                model.Engine.Leave(turn);
                account.Usage.CountLane(Stopwatch.GetTimestamp() - entered);
            }
        }
        finally
        {
            admission.Leave(account);
        }
    }

    // Other requests' rows come into its runs by the certifications themselves; nothing is gathered while it waits.
    private async ValueTask<LaneTurn> WaitAsync(HttpExchange exchange, InferenceWork work, ServedModel model, int priority, long bytes, long budget)
    {
        work.Entry.TakePlace(requests.QueueOf(model.Name), model.Name);
        try
        {
            Tenant tenant = work.Entry.Account!.Tenant;
            return await model.Engine.WaitAsync(
                work.Waiter, new LaneRequest(tenant.Index, tenant.Settings.Share, priority, bytes, budget, default, work.Entry.Account, work.LeavePlace), exchange.Aborted);
        }
        finally
        {
            work.Entry.LeavePlace();
        }
    }

    private static ImmutableArray<SmoothedInput> Inputs(InferenceWork work, ModelSmoothing offer)
    {
        SmoothingWork smoothing = work.Smoothing!;
        EngineInput arrived = work.Arrived(work.Plan.Count).Span[0];
        ReadOnlyMemory<byte> sent = arrived.Block.Memory[..(int)arrived.Bytes];
        int count = (int)work.Plan[0].Shape[0], bytes = sent.Length / count;
        var inputs = ImmutableArray.CreateBuilder<SmoothedInput>(count);
        for (int i = 0; i < count; i++)
        {
            ReadOnlyMemory<byte> input = sent.Slice(i * bytes, bytes);
            if (!smoothing.Question.Noise.Accepts(input.Span))
            {
                throw new RefusedException(Refusal.InputNumberOutOfRange, $"input {i} has numbers too far from 0 for exact noise of sigma {smoothing.Question.Sigma}");
            }

            inputs.Add(new SmoothedInput(i, input, smoothing.Seed.Key((uint)i), smoothing.Question, offer.Classes, Away(offer, smoothing.Question)));
        }

        return inputs.MoveToImmutable();
    }

    // All of both batches may be one input's; and where samples are gathered, others that come before those.
    private static int Away(ModelSmoothing offer, SmoothingQuestion question) => Math.Min((offer.Gathers ? 4 : 2) * offer.Rules.Batch, question.SamplesOfInput);

    // One is run, one is written, and one gathers.
    private static int Batches(ModelSmoothing offer) => offer.Gathers ? 3 : 2;

    private static SmoothingBatch Batch(InferenceWork work, ModelSmoothing offer) => new(work.Grant.Rent(BatchBytes(offer)), offer.BatchShape);

    private static long BatchBytes(ModelSmoothing offer) => (long)offer.Rules.Batch * offer.Elements * sizeof(float);
}
