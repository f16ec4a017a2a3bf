using System.Net;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Listeners;

/// <summary>Counts what became of connections over TLS, and writes a line and a record for each that was turned away: so many a second that a flood cannot fill either with them.</summary>
/// <param name="log">Gets the lines.</param>
/// <param name="clock">For the rate of lines.</param>
/// <param name="audit">Has a record for each line.</param>
/// <param name="blame">Is told the address of whoever was turned away for what he did, and why; null: nobody keeps account.</param>
internal sealed class HandshakeRecord(ILogger log, TimeProvider clock, AuditTrail audit, Action<IPAddress, string>? blame = null)
{
    private const int LinesPerSecond = 5;
    private const int LinesAtOnce = 50;
    private const int LongestReason = 500;

    private readonly Lock _change = new();
    private double _lines = LinesAtOnce;
    private long _counted = clock.GetTimestamp();
    private long _leftOut;

    public HandshakeCounts Counts { get; } = new();

    public void Completed() => Counts.Add(HandshakeOutcome.Completed);

    /// <param name="listener">Its name.</param>
    /// <param name="source">Who called.</param>
    /// <param name="outcome">What became of it.</param>
    /// <param name="reason">For the operator alone.</param>
    /// <param name="blameless">It is this device's fault, or nobody's.</param>
    public void TurnedAway(string listener, IPEndPoint source, HandshakeOutcome outcome, string reason, bool blameless = false)
    {
        Counts.Add(outcome);
        if (!blameless && outcome is HandshakeOutcome.CertificateRefused or HandshakeOutcome.Failed or HandshakeOutcome.TimedOut or HandshakeOutcome.TooManyConnections or HandshakeOutcome.TooManyHandshakes)
        {
            blame?.Invoke(source.Address, outcome.ToString());
        }

        if (MayWrite(out long leftOut))
        {
            if (leftOut > 0)
            {
                Log.ConnectionsLeftOut(log, leftOut);
            }

            audit.TurnAway(listener, source, outcome, Printable.Of(reason, LongestReason), leftOut);
            Log.ConnectionTurnedAway(log, listener, source, outcome, Printable.Of(reason, LongestReason));
        }
    }

    private bool MayWrite(out long leftOut)
    {
        lock (_change)
        {
            long now = clock.GetTimestamp();
            _lines = Math.Min(LinesAtOnce, _lines + (clock.GetElapsedTime(_counted, now).TotalSeconds * LinesPerSecond));
            _counted = now;
            if (_lines < 1)
            {
                _leftOut++;
                leftOut = 0;
                return false;
            }

            _lines--;
            leftOut = _leftOut;
            _leftOut = 0;
            return true;
        }
    }
}
