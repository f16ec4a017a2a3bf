using System.Diagnostics;

namespace EdgeDaemon.Engine;

/// <summary>How long a lane's next run will take, from the last ones: time per byte of input, smoothed. Written by one thread at a time.</summary>
internal struct RunEstimate
{
    private static readonly double TicksPerMillisecond = Stopwatch.Frequency / 1000.0;

    private double _ticksPerByte;
    private bool _known;

    public readonly bool Known => _known;

    /// <summary>Whether a run over so many bytes is worth giving this thread's place to another. A first run always is: nobody knows yet.</summary>
    public readonly bool IsLong(long bytes) => !_known || _ticksPerByte * Math.Max(bytes, 1) >= TicksPerMillisecond;

    /// <summary>So many of <see cref="Stopwatch"/>'s ticks, more than 0; 1 while nobody knows.</summary>
    public readonly double Ticks(long bytes) => _known ? Math.Max(1, _ticksPerByte * Math.Max(bytes, 1)) : 1;

    /// <param name="bytes">Of all inputs.</param>
    /// <param name="ticks"><see cref="Stopwatch"/>'s.</param>
    public void Learn(long bytes, long ticks)
    {
        double latest = (double)ticks / Math.Max(bytes, 1);
        _ticksPerByte = _known ? _ticksPerByte + ((latest - _ticksPerByte) / 8) : latest;
        _known = true;
    }
}
