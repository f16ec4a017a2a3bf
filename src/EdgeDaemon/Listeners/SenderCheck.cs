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
    private long _cut;

    /// <summary>Connections cut so far for a sender who is not their caller, or for descriptors sent along.</summary>
    public long Cut => Volatile.Read(ref _cut);

    /// <summary>False: the connection is to be cut, and nothing of the piece used. Counted, and logged: once, since the connection ends.</summary>
    public bool Passes(in PeerCredentials peer, in PieceSender sender)
    {
        if (sender.Credentials.User == peer.User && !sender.Descriptors)
        {
            return true;
        }

        Interlocked.Increment(ref _cut);
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
