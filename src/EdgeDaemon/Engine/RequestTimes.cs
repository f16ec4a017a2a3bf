using System.Diagnostics;

namespace EdgeDaemon.Engine;

/// <summary>When one request passed which point of its line, in <see cref="Stopwatch"/>'s ticks.</summary>
internal struct RequestTimes
{
    private long _begun;
    private long _ready;
    private long _entered;
    private long _ran;

    public readonly long Begun => _begun;

    public readonly long Entered => _entered;

    public readonly long Input => _ready - _begun;

    public readonly long Queue => _entered - _ready;

    public readonly long Infer => _ran - _entered;

    public static RequestTimes Begin() => new() { _begun = Stopwatch.GetTimestamp() };

    /// <summary>Since the last point.</summary>
    public readonly long Output(long now) => now - _ran;

    /// <summary>Since the beginning.</summary>
    public readonly long Total(long now) => now - _begun;

    /// <summary>Gives the time that it is.</summary>
    public long TensorsReady() => _ready = Stopwatch.GetTimestamp();

    /// <summary>Gives the time that it is.</summary>
    public long LaneEntered() => _entered = Stopwatch.GetTimestamp();

    /// <summary>Runs were made from then to then, with waits between them.</summary>
    public void Ran(long begun, long ended)
    {
        _entered = Math.Max(begun, _ready);
        _ran = Math.Max(ended, _entered);
    }

    /// <summary>The run has ended. Whoever shared it waited until it began.</summary>
    public void Run(in RunAnswer answer)
    {
        if (answer.IsPart)
        {
            _entered = Math.Max(answer.Begun, _ready);
        }

        _ran = answer.Ended;
    }
}
