namespace EdgeDaemon.Listeners;

/// <summary>What became of connections over TLS since the start, on all listeners.</summary>
internal sealed class HandshakeCounts
{
    private readonly long[] _counts = new long[Enum.GetValues<HandshakeOutcome>().Length];

    public long this[HandshakeOutcome outcome] => Volatile.Read(ref _counts[(int)outcome]);

    public void Add(HandshakeOutcome outcome) => Interlocked.Increment(ref _counts[(int)outcome]);
}

/// <summary>How a connection over TLS began; or ended, when it was closed because its certificate no longer counts.</summary>
internal enum HandshakeOutcome
{
    /// <summary>The caller is who its certificate says.</summary>
    Completed,

    /// <summary>The certificate was turned away.</summary>
    CertificateRefused,

    /// <summary>No TLS 1.3, no certificate, plain text, or the caller left.</summary>
    Failed,

    /// <summary>Not done within handshake_timeout_seconds.</summary>
    TimedOut,

    /// <summary>Not in allow_from.</summary>
    NotAllowed,

    /// <summary>max_source_connections.</summary>
    TooManyConnections,

    /// <summary>source_handshakes_per_second.</summary>
    TooManyHandshakes,

    /// <summary>Open, and closed by a reload after which its certificate is revoked, denied or no longer trusted.</summary>
    ClosedByReload,
}
