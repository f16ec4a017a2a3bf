using EdgeDaemon.Admission;
using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Listeners;

/// <summary>
/// What goes wrong at one listener while it takes connections in, and is no caller's leaving: a door goes on whatever happens, and the log is where that shows. A few lines at
/// once, then one a second: descriptors that ran out fail every accept.
/// </summary>
/// <param name="log">Gets the lines.</param>
/// <param name="listener">Its name.</param>
/// <param name="clock">For the rate of lines.</param>
internal sealed class DoorFaults(ILogger log, string listener, TimeProvider clock)
{
    private const int AtOnce = 5;
    private const int PerSecond = 1;

    private readonly RateBucket _lines = new(clock.TimestampFrequency);
    private long _leftOut;

    public void Write(Exception fault)
    {
        if (_lines.TryTake(clock.GetTimestamp(), 1, PerSecond, AtOnce, out _))
        {
            Log.ConnectionNotTakenIn(log, listener, $"{fault.GetType().Name}: {fault.Message}", Interlocked.Exchange(ref _leftOut, 0));
        }
        else
        {
            Interlocked.Increment(ref _leftOut);
        }
    }
}
