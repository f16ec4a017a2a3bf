using System.Diagnostics;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Engine.Voting;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Engine.Smoothing;

/// <summary>
/// Runs of one certification, one after the other: while the lane runs a batch, the noise of the next is written beside it. Between two runs the lane goes back to its pool and whoever waits has it: a
/// certification takes its turns as everybody does, and each is charged with what it took. Where its own samples leave rows of a run free, others of its tenant have them; where others ran its samples, it
/// waits for no turn of its own but for theirs to end.
/// </summary>
/// <param name="run">Whose samples.</param>
/// <param name="first">Its rows and those of <paramref name="second"/> are written in turn.</param>
/// <param name="second">As large as the first.</param>
/// <param name="output">The place among the model's outputs of the logits.</param>
/// <param name="classes">Elements of a row of it.</param>
/// <param name="clock">Whose timestamps the deadlines are.</param>
/// <param name="rule">By which the model's members vote.</param>
/// <param name="gather">As large as the first, for rows on which the first members of a consensus do not agree, of at most <see cref="VoteResult.MostRows"/>; null: all members are asked in the run in which that is found.</param>
internal sealed class SmoothingLoop(
    SmoothingRun run, SmoothingBatch first, SmoothingBatch second, int output, int classes, TimeProvider clock, VoteRule rule = VoteRule.Mean, SmoothingBatch? gather = null)
{
    /// <summary>So many runs that fail one after the other are the model's failure, not some samples'.</summary>
    public const int MostFailures = 3;

    // What a timer takes; there is no longer budget.
    private const double MostSeconds = 86_400;

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(5);

    // A run of gathered rows is full enough: the next run could leave more open than there would be places.
    private const double GatheredShare = 0.875;

    private int _failures;
    private RefusedException? _failed;

    /// <summary>Runs that it made; those of others in which it had rows are theirs.</summary>
    public int Runs { get; private set; }

    /// <summary>Runs that failed or were late: their own samples are against every class, unless the run was shared, which is then made again by each alone.</summary>
    public int FailedRuns { get; private set; }

    /// <summary>When the first run began, and when the last had ended, in the clock's timestamps; 0 where there was none.</summary>
    public long Begun { get; private set; }

    public long Ended { get; private set; }

    /// <param name="enter">A turn on a lane for so many bytes of inputs.</param>
    /// <param name="leave">Gives it back.</param>
    /// <param name="account">On whose account the runs' memory is.</param>
    /// <param name="budget">No run begins that is not expected to end by then; what is decided is answered.</param>
    /// <param name="deadline">A run is stopped then.</param>
    /// <param name="place">Where to run.</param>
    /// <exception cref="RefusedException">No run could be made, or run after run failed.</exception>
    public async Task RunAsync(Func<long, ValueTask<LaneTurn>> enter, Action<LaneTurn> leave, TensorAccount? account, long budget, long deadline, RunPlace place)
    {
        SmoothingBatch now = first, next = second;
        run.Enter();
        try
        {
            bool more = Prepare(now), ahead = false;
            while (more || HasGathered())
            {
                // Those that were left open fill a run, or nothing else can be done before they are answered.
                SmoothingBatch at = gather is { Used: > 0 } && (!more || gather.Used >= gather.Rows * GatheredShare) ? gather : now;
                await at.Filled;
                if (clock.GetTimestamp() >= budget || await TurnAsync(enter, at, budget) is not { } turn)
                {
                    break;
                }

                try
                {
                    // Others may have run all of it while it waited for its turn.
                    if (run.Begin(at))
                    {
                        if (Runs > 0 && clock.GetTimestamp() + ExpectedTicks(turn.Lane, at.Bytes) > budget)
                        {
                            break;
                        }

                        run.Invite(at);
                        ahead = ahead || (at == now && Prepare(next));
                        await RunAsync(turn, at, account, deadline, place);
                    }
                }
                finally
                {
                    at.EndRun(lost: turn.Lane.Guard is { IsLost: true });
                    leave(turn);
                }

                if (!await BackAsync(at, budget, place))
                {
                    break;
                }

                if (run.Wants(at))
                {
                    continue; // Some of it came back from others without an answer.
                }

                run.Clear(at);
                if (at == now)
                {
                    (now, next) = (next, now);
                    (more, ahead) = (ahead, false);
                }

                more = (more && run.Wants(now)) || (await WrittenAsync(now) && Prepare(now));
            }
        }
        finally
        {
            try
            {
                // Nobody writes into memory that has gone back.
                await WrittenAsync(now);
                await WrittenAsync(next);
                if (gather is not null)
                {
                    run.Clear(gather);
                }
            }
            finally
            {
                run.Forget();
            }
        }

        if (FailedRuns == Runs && _failed is { Refusal: Refusal.EngineFailed })
        {
            throw _failed; // Not a sample has an answer: the model is at fault, and an abstention would hide it.
        }

        run.Stop(StoppedBy.Deadline);
    }

    private async ValueTask<bool> WrittenAsync(SmoothingBatch batch)
    {
        await batch.Filled;
        run.Clear(batch);
        return true;
    }

    // Samples that are in others' runs come back when those end, in whatever way. It holds no lane meanwhile. False: its time is over before.
    private async ValueTask<bool> BackAsync(SmoothingBatch batch, long budget, RunPlace place)
    {
        while (run.Back(batch) is { } back)
        {
            TimeSpan left = TimeSpan.FromSeconds(Math.Min((double)(budget - clock.GetTimestamp()) / clock.TimestampFrequency, MostSeconds));
            if (left <= TimeSpan.Zero)
            {
                return false;
            }

            try
            {
                await back.WaitAsync(left, clock, place.Leaving?.Invoke() ?? default);
            }
            catch (TimeoutException)
            {
            }
            catch (OperationCanceledException gone)
            {
                throw new RefusedException(Refusal.EngineCancelled, "the caller went away while another certification ran samples of its request", gone);
            }
        }

        return true;
    }

    private bool HasGathered()
    {
        if (gather is not { Used: > 0 } || run.Wants(gather))
        {
            return gather is { Used: > 0 };
        }

        run.Clear(gather); // Whose they were is decided without them.
        return false;
    }

    private bool Prepare(SmoothingBatch batch)
    {
        if (!run.Plan(batch))
        {
            return false;
        }

        batch.BeginFill();
        return true;
    }

    // Null: its time is over before a lane was free.
    private async ValueTask<LaneTurn?> TurnAsync(Func<long, ValueTask<LaneTurn>> enter, SmoothingBatch batch, long budget)
    {
        while (true)
        {
            try
            {
                return await enter(batch.Bytes);
            }
            catch (RefusedException late) when (late.Refusal == Refusal.AdmissionDeadline)
            {
                return null;
            }
            catch (RefusedException full) when (full.Refusal == Refusal.AdmissionQueueFull && (Runs > 0 || run.Lent > 0))
            {
                // What was drawn so far must not be lost because others filled the queue between two runs.
                if (clock.GetTimestamp() >= budget)
                {
                    return null;
                }

                await Task.Delay(BetweenTries, clock);
            }
        }
    }

    private async ValueTask RunAsync(LaneTurn turn, SmoothingBatch batch, TensorAccount? account, long deadline, RunPlace place)
    {
        Begun = Begun == 0 ? clock.GetTimestamp() : Begun;
        EnsembleRun? ensemble = turn.Lane.Ensemble;
        int open = gather is not null && batch != gather && batch.Guests.Count == 0 && ensemble is { Consensus: > 0 } ? run.MayLeave(gather, ensemble.Names.Length, ensemble.Consensus) : 0;
        if (open > 0)
        {
            ensemble!.MayLeave = open;
        }

        try
        {
            RunAnswer answer = await turn.RunAsync(batch.Inputs, account, deadline, place);
            Require(answer, batch);
            run.Settle(batch, System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(answer.OutputData(output)), classes, rule, open > 0 ? ensemble!.Count.Result : null, gather);
            _failures = 0;
        }
        catch (RefusedException shared) when (shared.Refusal == Refusal.EngineFailed && batch.Guests.Count > 0 && turn.Lane.Guard is not { IsLost: true })
        {
            // Whose row made it fail is not known, and it must fail nobody else's: each by itself from now on.
            run.Part(batch);
            FailedRuns++;
        }
        catch (RefusedException failed) when (Counts(failed, turn.Lane))
        {
            run.SettleFailed(batch);
            FailedRuns++;
            _failures++;
            _failed = failed;
            if (failed.Refusal == Refusal.AdmissionDeadline)
            {
                run.Stop(StoppedBy.Deadline);
            }
        }

        Runs++;
        Ended = clock.GetTimestamp();
    }

    // A lane that was given up has the memory it works with: the request ends with it. A model that fails again and again certifies nothing, and neither does one without memory.
    private bool Counts(RefusedException failed, Lane lane) =>
        lane.Guard is not { IsLost: true } && failed.Refusal is Refusal.EngineFailed or Refusal.AdmissionDeadline && _failures + 1 < MostFailures;

    private void Require(RunAnswer answer, SmoothingBatch batch)
    {
        TensorShape shape = answer.OutputShape(output);
        if (answer.OutputType(output) != ElementType.Float32 || shape.Rank != 2 || shape[0] != batch.Rows || shape[1] != classes)
        {
            throw new RefusedException(Refusal.EngineFailed, $"a run over {batch.Rows} rows answered {answer.OutputType(output)} {shape}, not FP32 [{batch.Rows},{classes}]");
        }

        // What is certified is the vote of all members. Who is late depends on the clock, and with it would the classifier (rule S4).
        if (answer.Ensemble is { FailedCount: > 0 } ensemble)
        {
            throw new RefusedException(Refusal.EngineFailed, $"members failed in a run of a certification: {string.Join(", ", ensemble.Failed)}");
        }
    }

    // Lanes measure in Stopwatch's ticks.
    private long ExpectedTicks(Lane lane, long bytes) => (long)(lane.ExpectedTicks(bytes) / Stopwatch.Frequency * clock.TimestampFrequency);
}
