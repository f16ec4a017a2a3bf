using System.Numerics;

namespace EdgeDaemon.Engine;

/// <summary>
/// What one lane gains by running requests together: for each size (powers of two, each with what is below it), the time that a run took as part
/// of what its requests would have taken one by one. It begins with what the probe measured and goes on with what really happens, so that a batch is
/// made only where it is faster on this machine, at this load. Written by whoever holds the lane.
/// </summary>
internal sealed class BatchGain
{
    /// <summary>A batch makes all but its last request wait longer for its answer: a fifth less work is the least that is worth it, and leaves room for what one measurement misses.</summary>
    public const double Worthwhile = 0.8;

    // What was once promising is tried again now and then: else one bad moment of the machine would end it for good.
    private const int TrialEvery = 64;
    private const double Weight = 0.25;
    private const double WorstPart = 4;

    private readonly Size[] _sizes = new Size[33];
    private RunEstimate _alone;

    public BatchGain(BatchRule rule)
    {
        foreach ((int rows, double part) in rule.Measured)
        {
            _sizes[SlotOf(rows)] = new Size { Known = true, Promising = part <= Worthwhile, Part = part };
        }
    }

    /// <summary>A run of one request.</summary>
    /// <param name="bytes">Of its inputs.</param>
    /// <param name="ticks">That it took.</param>
    public void LearnAlone(long bytes, long ticks) => _alone.Learn(bytes, ticks);

    /// <summary>A run of several.</summary>
    /// <param name="rows">Of all of them.</param>
    /// <param name="bytes">Of all inputs.</param>
    /// <param name="ticks">That it took.</param>
    public void LearnTogether(int rows, long bytes, long ticks)
    {
        if (!_alone.Known)
        {
            return;
        }

        ref Size size = ref _sizes[SlotOf(rows)];
        double part = Math.Min(WorstPart, ticks / _alone.Ticks(bytes));
        size.Part = size.Known ? size.Part + ((part - size.Part) * Weight) : part;
        size.Known = true;
    }

    /// <summary>The part of the time that a run of so many rows takes; 1 or more, or what nobody measured: infinity, when it is not worth it.</summary>
    public double PartOf(int rows)
    {
        ref readonly Size size = ref _sizes[SlotOf(rows)];
        return size.Known && size.Part <= Worthwhile ? size.Part : double.PositiveInfinity;
    }

    /// <summary>Asked when a run of so many rows could be made and is not worth it: true when it should be tried all the same.</summary>
    public bool TryAgain(int rows)
    {
        ref Size size = ref _sizes[SlotOf(rows)];
        if (!size.Promising || ++size.Passed < TrialEvery)
        {
            return false;
        }

        size.Passed = 0;
        return true;
    }

    private static int SlotOf(int rows) => 32 - BitOperations.LeadingZeroCount((uint)Math.Max(rows - 1, 0));

    private struct Size
    {
        public bool Known;
        public bool Promising;
        public double Part;
        public int Passed;
    }
}
