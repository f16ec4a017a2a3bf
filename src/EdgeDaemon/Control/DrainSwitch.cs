using EdgeDaemon.Admission;
using EdgeDaemon.Listeners;
using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Control;

/// <summary>Takes the daemon out of service and back without stopping it: what runs finishes, nobody new comes in, control stays.</summary>
internal sealed class DrainSwitch(RequestAdmission admission, ListenPause doors, ILogger log)
{
    private readonly Lock _change = new();
    private bool _stopping;

    public bool Draining => admission.Draining;

    public void Begin()
    {
        lock (_change)
        {
            if (!Draining)
            {
                Log.Drains(log);
                try
                {
                    admission.Drain(); // Whoever waits for it is told here, and may fail.
                }
                finally
                {
                    doors.Pause();
                }
            }
        }
    }

    /// <exception cref="ListenException">Somebody else has taken the place of a listener meanwhile: the daemon goes on draining.</exception>
    public void End()
    {
        lock (_change)
        {
            if (Draining && !_stopping)
            {
                doors.Resume();
                admission.EndDrain();
                Log.DrainEnded(log);
            }
        }
    }

    /// <summary>The daemon stops: there is no way back.</summary>
    public void Stop()
    {
        lock (_change)
        {
            _stopping = true;
            admission.Drain();
        }
    }
}
