namespace EdgeDaemon.Client;

/// <summary>Limits of one client.</summary>
public sealed record EdgeClientOptions
{
    /// <summary>Time for one whole call, body and answer included. Default 100 s; <see cref="Timeout.InfiniteTimeSpan"/> for none.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>Largest answer accepted, in bytes. Default 256 MiB: an answer is held in memory whole.</summary>
    public int MaxAnswerBytes { get; init; } = 256 << 20;

    /// <summary>Connections kept open after use. Default 60 s.</summary>
    public TimeSpan IdleConnectionLifetime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A bearer token that goes with every request, for a daemon that demands one as a second factor; null for none.</summary>
    public string? BearerToken { get; init; }

    /// <summary>Without the token: options are printed for many reasons.</summary>
    public override string ToString() => $"{nameof(EdgeClientOptions)} {{ Deadline = {Deadline}, MaxAnswerBytes = {MaxAnswerBytes} }}";
}
