using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Listeners;

/// <summary>Who is at the other end of a Unix connection, asked of the kernel when it was accepted.</summary>
internal sealed class PeerFeature(PeerCredentials credentials)
{
    public PeerCredentials Credentials { get; } = credentials;

    /// <summary>A caller as records name it: method and value.</summary>
    public override string ToString() => $"unix:{Credentials.User}";
}
