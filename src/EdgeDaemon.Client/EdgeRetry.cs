namespace EdgeDaemon.Client;

/// <summary>
/// When a call is asked again, which is only ever done if it cannot have run, or if running twice is the same as once. Every call of this
/// client is such a call: an inference reads and changes nothing. The law is in README.md. No try begins after the deadline.
/// </summary>
public sealed record EdgeRetry
{
    /// <summary>Never.</summary>
    public static EdgeRetry None { get; } = new() { Attempts = 1 };

    /// <summary>Tries in all, the first included. Default 3.</summary>
    public int Attempts { get; init; } = 3;

    /// <summary>The longest wait before the second try; it doubles with each. Default 50 ms. The wait is random, from half of it to all.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>No own wait is longer; what the daemon asks for is honoured in full. Default 2 s.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(2);
}
