using System.Collections.Immutable;
using EdgeDaemon.Core.Smoothing.Certificates;

namespace EdgeDaemon.Engine.Smoothing;

/// <summary>
/// Which sample goes into which run: a free row goes to the undecided input that was given the fewest, so that runs stay full as long as anybody is undecided. Each
/// input keeps its own count and its own looks, so that this decides when an answer comes and never which.
/// </summary>
internal sealed class SmoothingRun
{
    private readonly PriorityQueue<SmoothedInput, long> _open = new();

    /// <param name="inputs">Of one request.</param>
    public SmoothingRun(ImmutableArray<SmoothedInput> inputs)
    {
        Inputs = inputs;
        foreach (SmoothedInput input in inputs)
        {
            _open.Enqueue(input, Turn(input));
        }
    }

    public ImmutableArray<SmoothedInput> Inputs { get; }

    /// <summary>Fills a batch's rows with samples; false when none is wanted.</summary>
    public bool Plan(SmoothingBatch batch)
    {
        while (batch.Used < batch.Rows && _open.TryDequeue(out SmoothedInput? input, out _))
        {
            if (input.WantsMore)
            {
                batch.Add(input, input.HandOut());
                _open.Enqueue(input, Turn(input));
            }
        }

        return batch.Used > 0;
    }

    /// <summary>No more samples: whoever is undecided answers with what stands.</summary>
    public void Stop(StoppedBy reason)
    {
        foreach (SmoothedInput input in Inputs)
        {
            input.Stop(reason);
        }
    }

    /// <summary>The keys are of no use any more.</summary>
    public void Forget()
    {
        foreach (SmoothedInput input in Inputs)
        {
            input.Forget();
        }
    }

    // The fewest samples first, then the first: which rows lie beside one another is the same whenever the same is asked.
    private static long Turn(SmoothedInput input) => ((long)input.Handed << 32) | (uint)input.Place;
}
