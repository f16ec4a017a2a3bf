using System.Globalization;

namespace EdgeDaemon.Core.Audit.Records;

/// <summary>Times of the log: microseconds of UTC since 1970-01-01.</summary>
public static class AuditTime
{
    /// <summary>Length of <see cref="Text"/> for the years 1 to 9999.</summary>
    public const int TextLength = 27;

    /// <summary>The last microsecond of the year 9999; frames with a later or negative time are refused.</summary>
    public const long Last = 253_402_300_799_999_999;

    public static long Of(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    /// <param name="microseconds">0 to <see cref="Last"/>.</param>
    public static DateTimeOffset Read(long microseconds) => new(DateTimeOffset.UnixEpoch.Ticks + (microseconds * TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);

    /// <summary>RFC 3339 with six decimals and Z; the number itself for what is no time.</summary>
    public static string Text(long microseconds)
    {
        Span<char> text = stackalloc char[TextLength];
        return Write(microseconds, text) ? text.ToString() : microseconds.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The same without allocation; false, and nothing written, for what is no time.</summary>
    public static bool Write(long microseconds, Span<char> text) =>
        microseconds is >= 0 and <= Last && Read(microseconds).UtcDateTime.TryFormat(text, out _, "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
