using System.Globalization;

namespace EdgeDaemon.Core.Protocol.Grpc;

/// <summary>The header <c>grpc-timeout</c>: 1 to 8 digits and a unit.</summary>
public static class GrpcTimeout
{
    public const string HeaderName = "grpc-timeout";

    // A timer's longest; nobody waits 24 days for an inference.
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(int.MaxValue);

    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan timeout)
    {
        timeout = default;
        if (text.Length is < 2 or > 9 || !int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out int count))
        {
            return false;
        }

        double? ticks = text[^1] switch
        {
            'H' => (double)count * TimeSpan.TicksPerHour,
            'M' => (double)count * TimeSpan.TicksPerMinute,
            'S' => (double)count * TimeSpan.TicksPerSecond,
            'm' => (double)count * TimeSpan.TicksPerMillisecond,
            'u' => (double)count * TimeSpan.TicksPerMicrosecond,
            'n' => (double)count / TimeSpan.NanosecondsPerTick,
            _ => null,
        };
        timeout = ticks is not { } known || known < Longest.Ticks ? TimeSpan.FromTicks((long)(ticks ?? 0)) : Longest;
        return ticks is not null;
    }

    /// <summary>The header's text: the finest unit whose count has eight digits, never longer than the time that is left.</summary>
    /// <param name="left">What has passed already is sent as the shortest there is.</param>
    public static string Format(TimeSpan left)
    {
        const long Most = 99_999_999;
        long microseconds = Math.Max(1, left.Ticks / TimeSpan.TicksPerMicrosecond);
        return microseconds <= Most ? Text(microseconds, 'u')
            : microseconds / 1000 <= Most ? Text(microseconds / 1000, 'm')
            : Text(Math.Min(Most, microseconds / 1_000_000), 'S');
    }

    private static string Text(long count, char unit) => string.Create(CultureInfo.InvariantCulture, $"{count}{unit}");
}
