namespace EdgeDaemon.Native.Posix;

/// <summary>Who sent a piece of data through a Unix socket, as the kernel wrote it down at that moment.</summary>
/// <param name="Credentials">Whose data it is.</param>
/// <param name="Descriptors">True when open files were sent along. They were not taken.</param>
public readonly record struct PieceSender(PeerCredentials Credentials, bool Descriptors)
{
    /// <summary>What a piece has that was sent before anybody asked for its sender: no user has this number.</summary>
    public static PeerCredentials Nobody { get; } = new(0, uint.MaxValue, uint.MaxValue);
}
