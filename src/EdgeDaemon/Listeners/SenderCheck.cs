using EdgeDaemon.Native.Posix;
using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Listeners;

/// <summary>
/// Whether data of a Unix connection come from the user who made it. A connection is a descriptor: it can be handed to a process of another user (SCM_RIGHTS), and
/// stays open in one that changes its user. Either would speak with the rights of the first.
/// </summary>
internal sealed class SenderCheck(ILogger log)
{
    private const long LineMilliseconds = 200;

    private long _cut;
    private long _lastLine;

    /// <summary>Connections cut so far for a sender who is not their caller, or for descriptors sent along.</summary>
    public long Cut => Volatile.Read(ref _cut);

    /// <summary>False: the connection is to be cut, and nothing of the piece used. Counted, and logged, five lines a second at the most.</summary>
    public bool Passes(in PeerCredentials peer, in PieceSender sender)
    {
        if (sender.Credentials.User == peer.User && !sender.Descriptors)
        {
            return true;
        }

        Interlocked.Increment(ref _cut);
        long now = Environment.TickCount64, last = Volatile.Read(ref _lastLine);
        if ((last != 0 && now - last < LineMilliseconds) || Interlocked.CompareExchange(ref _lastLine, now, last) != last)
        {
            return false; // Who connects and is cut in a loop must not fill the disk; all of them are counted.
        }

        if (sender.Descriptors)
        {
            Log.DescriptorsSent(log, peer.User);
        }
        else
        {
            Log.SenderIsAnother(log, peer.User, peer.Process, sender.Credentials.User, sender.Credentials.Process);
        }

        return false;
    }
}
