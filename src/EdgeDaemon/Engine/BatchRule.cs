using System.Collections.Immutable;

namespace EdgeDaemon.Engine;

/// <summary>What runs of several requests a model may have: what its release allows and the device leaves of it, and what was measured.</summary>
/// <param name="maxRows">Of one run.</param>
/// <param name="preferred">Rows that runs are best made of, growing; empty: none.</param>
/// <param name="maxDelay">So long a lane that came back may wait for a preferred size.</param>
/// <param name="measured">What a run of so many rows took, as part of what the same rows took one by one.</param>
/// <param name="say">Told once why there are no more batches.</param>
internal sealed class BatchRule(int maxRows, ImmutableArray<int> preferred, TimeSpan maxDelay, ImmutableArray<(int Rows, double Part)> measured, Action<string> say)
{
    private int _stopped;

    public int MaxRows => maxRows;

    public ImmutableArray<int> Preferred => preferred;

    public TimeSpan MaxDelay => maxDelay;

    public ImmutableArray<(int Rows, double Part)> Measured => measured;

    /// <summary>The model does not keep its release's word: every request has a run of its own from now on.</summary>
    public bool Stopped => Volatile.Read(ref _stopped) != 0;

    public void Stop(string why)
    {
        if (Interlocked.Exchange(ref _stopped, 1) == 0)
        {
            say(why);
        }
    }
}
