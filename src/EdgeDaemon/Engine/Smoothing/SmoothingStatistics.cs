using System.Collections.Immutable;

namespace EdgeDaemon.Engine.Smoothing;

/// <summary>What certifications of one model came to, as numbers that only grow. Counted once for each request; any thread.</summary>
internal sealed class SmoothingStatistics
{
    private long _certified;
    private long _predicted;
    private long _abstained;
    private long _samples;
    private long _runs;
    private long _failedRuns;

    /// <summary>Inputs with a radius.</summary>
    public long Certified => Interlocked.Read(ref _certified);

    /// <summary>Inputs with a class and no radius, since none was asked for.</summary>
    public long Predicted => Interlocked.Read(ref _predicted);

    /// <summary>Inputs without an answer.</summary>
    public long Abstained => Interlocked.Read(ref _abstained);

    /// <summary>Noisy samples that counted.</summary>
    public long Samples => Interlocked.Read(ref _samples);

    public long Runs => Interlocked.Read(ref _runs);

    public long FailedRuns => Interlocked.Read(ref _failedRuns);

    public void Count(ImmutableArray<SmoothedInput> inputs, int runs, int failedRuns)
    {
        foreach (SmoothedInput input in inputs)
        {
            Interlocked.Add(ref _samples, input.Samples);
            Interlocked.Increment(ref input.Abstained ? ref _abstained : ref input.Radius > 0 ? ref _certified : ref _predicted);
        }

        Interlocked.Add(ref _runs, runs);
        Interlocked.Add(ref _failedRuns, failedRuns);
    }
}
