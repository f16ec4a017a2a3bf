namespace EdgeDaemon.Monitoring;

/// <summary>How a TLS handshake ended.</summary>
internal enum HandshakeOutcome
{
    /// <summary>With a client certificate that was judged.</summary>
    Accepted,

    /// <summary>A session that was judged before.</summary>
    Resumed,

    /// <summary>The client's certificate is missing, or is not one that may come in.</summary>
    Refused,

    /// <summary>What came is no TLS 1.3, or it broke off.</summary>
    Failed,

    /// <summary>It took longer than handshake_timeout_seconds.</summary>
    Late,

    /// <summary>The address begins too many.</summary>
    Limited,
}

/// <summary>TLS handshakes by their end, on all listeners.</summary>
internal sealed class HandshakeCounts
{
    private readonly long[] _counts = new long[Enum.GetValues<HandshakeOutcome>().Length];

    public long this[HandshakeOutcome outcome] => Interlocked.Read(ref _counts[(int)outcome]);

    public void Count(HandshakeOutcome outcome) => Interlocked.Increment(ref _counts[(int)outcome]);
}
