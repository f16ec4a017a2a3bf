using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Configuration;

/// <summary>What certification may take of the device, whatever a release offers: it can only be less.</summary>
/// <param name="MaxSamples">Noisy samples of one request, all its inputs together.</param>
/// <param name="MaxTime">From a request's last tensor to its answer; what was decided by then is answered.</param>
/// <param name="MaxRequests">That certify at once, all tenants together; 0: nobody may.</param>
public sealed record SmoothingSettings(int MaxSamples, TimeSpan MaxTime, int MaxRequests)
{
    /// <summary>Samples of one request, whatever is written.</summary>
    public const int MostSamples = 1_000_000_000;

    /// <summary>An hour, as the longest request.</summary>
    public const int LongestMilliseconds = 3_600_000;

    internal static SmoothingSettings Read(TomlSection? table) => new(
        table?.Integer("max_samples", 10_000_000, 1, MostSamples) ?? 10_000_000,
        TimeSpan.FromMilliseconds(table?.Integer("max_time_ms", LongestMilliseconds, 1, LongestMilliseconds) ?? LongestMilliseconds),
        table?.Integer("max_requests", 16, 0, 100_000) ?? 16);
}
