using System.Diagnostics;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Engine.Smoothing;

/// <summary>
/// Runs of one certification, one after the other: while the lane runs a batch, the noise of the next is written beside it. Between two runs the lane goes back to its pool and whoever waits has it: a
/// certification takes its turns as everybody does, and each is charged with what it took.
/// </summary>
/// <param name="run">Whose samples.</param>
/// <param name="first">Its rows and those of <paramref name="second"/> are written in turn.</param>
/// <param name="second">As large as the first.</param>
/// <param name="output">The place among the model's outputs of the logits.</param>
/// <param name="classes">Elements of a row of it.</param>
/// <param name="clock">Whose timestamps the deadlines are.</param>
/// <param name="rule">By which the model's members vote.</param>
internal sealed class SmoothingLoop(SmoothingRun run, SmoothingBatch first, SmoothingBatch second, int output, int classes, TimeProvider clock, VoteRule rule = VoteRule.Mean)
{
    /// <summary>So many runs that fail one after the other are the model's failure, not some samples'.</summary>
    public const int MostFailures = 3;

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(5);

    private int _failures;
    private RefusedException? _failed;

    /// <summary>Runs that were made.</summary>
    public int Runs { get; private set; }

    /// <summary>Runs that failed or were late; their samples are against every class.</summary>
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
        bool more = Prepare(now);
        try
        {
            while (more)
            {
                await now.Filled;
                if (clock.GetTimestamp() >= budget || await TurnAsync(enter, now, budget) is not { } turn)
                {
                    break;
                }

                try
                {
                    if (Runs > 0 && clock.GetTimestamp() + ExpectedTicks(turn.Lane, now.Bytes) > budget)
                    {
                        break;
                    }

                    more = Prepare(next);
                    await RunAsync(turn, now, account, deadline, place);
                }
                finally
                {
                    leave(turn);
                }

                (now, next) = (next, now);
                more = (more && now.IsWanted()) || (await WrittenAsync(now) && Prepare(now));
            }
        }
        finally
        {
            // Nobody writes into memory that has gone back.
            await WrittenAsync(now);
            await WrittenAsync(next);
            run.Forget();
        }

        if (FailedRuns == Runs && _failed is { Refusal: Refusal.EngineFailed })
        {
            throw _failed; // Not a sample has an answer: the model is at fault, and an abstention would hide it.
        }

        run.Stop(StoppedBy.Deadline);
    }

    private static async ValueTask<bool> WrittenAsync(SmoothingBatch batch)
    {
        await batch.Filled;
        batch.Clear();
        return true;
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
            catch (RefusedException full) when (full.Refusal == Refusal.AdmissionQueueFull && Runs > 0)
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
        try
        {
            RunAnswer answer = await turn.RunAsync(batch.Inputs, account, deadline, place);
            Require(answer, batch);
            batch.Settle(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(answer.OutputData(output)), classes, rule);
            _failures = 0;
        }
        catch (RefusedException failed) when (Counts(failed, turn.Lane))
        {
            batch.SettleFailed();
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
