using System.Diagnostics;
using EdgeDaemon.Native.Onnx.Memory;
using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Engine;

/// <summary>Once a second: memory of models that nobody has used for a while is zeroed and given back, and what should be zero is counted.</summary>
internal sealed class MemorySweep : IDisposable
{
    private readonly SessionMemory _memory;
    private readonly long _idle;
    private readonly ILogger _log;
    private readonly ITimer _timer;
    private long _told;

    /// <param name="memory">Of the process.</param>
    /// <param name="idle">How long is a while.</param>
    /// <param name="clock">Whose ticks run as <see cref="Stopwatch"/>'s do.</param>
    /// <param name="log">Where a mismatch is an alarm.</param>
    public MemorySweep(SessionMemory memory, TimeSpan idle, TimeProvider clock, ILogger log)
    {
        _memory = memory;
        _idle = (long)(idle.TotalSeconds * Stopwatch.Frequency);
        _log = log;
        TimeSpan step = TimeSpan.FromSeconds(1);
        _timer = clock.CreateTimer(static sweep => ((MemorySweep)sweep!).Run(), this, step, step);
    }

    public void Dispose() => _timer.Dispose();

    private void Run()
    {
        _memory.ReleaseIdle(Stopwatch.GetTimestamp() - _idle);
        long mismatch = _memory.MismatchBytes;
        if (mismatch != _told)
        {
            _told = mismatch;
            Log.MemoryMismatch(_log, mismatch);
        }
    }
}
