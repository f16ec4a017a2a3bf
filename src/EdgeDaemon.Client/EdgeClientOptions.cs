namespace EdgeDaemon.Client;

/// <summary>Limits and habits of one client.</summary>
public sealed record EdgeClientOptions
{
    /// <summary>Default REST.</summary>
    public EdgeWire Wire { get; init; } = EdgeWire.Rest;

    /// <summary>
    /// Time for one whole call: every try, body and answer included. Default 100 s; <see cref="Timeout.InfiniteTimeSpan"/> for none. Over
    /// gRPC the daemon is told; over REST it sees the connection close.
    /// </summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>Largest answer accepted, in bytes. Default 256 MiB.</summary>
    public int MaxAnswerBytes { get; init; } = 256 << 20;

    /// <summary>Connections kept open after use. Default 60 s.</summary>
    public TimeSpan IdleConnectionLifetime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Bytes of one gRPC answer that may be under way before this side has read them (HTTP/2's window), 65535 to 16 MiB. Default 1 MiB:
    /// an image's output goes in one piece, and that much is what a stream may hold in memory.
    /// </summary>
    public int StreamWindowBytes { get; init; } = 1 << 20;

    /// <summary>When a call is tried again. Default: three tries; <see cref="EdgeRetry.None"/> for one.</summary>
    public EdgeRetry Retry { get; init; } = new();

    /// <summary>The clock of deadlines and waits.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>A bearer token that goes with every request, for a daemon that demands one as a second factor; null for none.</summary>
    public string? BearerToken { get; init; }

    /// <summary>Without the token: options are printed for many reasons.</summary>
    public override string ToString() => $"{nameof(EdgeClientOptions)} {{ Deadline = {Deadline}, MaxAnswerBytes = {MaxAnswerBytes} }}";
}
