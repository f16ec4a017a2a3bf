using System.Globalization;
using EdgeDaemon.Core.Configuration;

namespace EdgeDaemon.Hosting;

/// <summary>What the audit log's quota means in time, for whoever sets it: said by <c>edged check</c>, before a device stops on it.</summary>
internal static class AuditQuota
{
    /// <summary>Of an answer's record in the log, with its frame and its share of checkpoints: without digests and redaction.</summary>
    private const int RecordBytes = 170;

    private const int Rate = 100;

    /// <summary>One line; null: nothing is recorded.</summary>
    public static string? Line(AuditSettings audit)
    {
        if (!audit.Enabled)
        {
            return null;
        }

        // The segment ahead is laid out, and holds nothing yet.
        double records = (audit.MaxBytes - audit.SegmentBytes) / (double)RecordBytes;
        string holds = string.Create(
            CultureInfo.InvariantCulture, $"audit log: max_bytes = {audit.MaxBytes} hold some {Round(records)} answers of {RecordBytes} bytes: {Time(records / Rate)} at {Rate} answers a second, {Time(records / Rate * 10)} at {Rate / 10}");
        return audit.OnFull switch
        {
            AuditPolicy.Rotate when audit.Keep > TimeSpan.Zero => string.Create(
                CultureInfo.InvariantCulture,
                $"{holds}. Then the oldest go (on_full = \"rotate\"), but none of the last {(audit.Keep.TotalDays == 1 ? "day" : string.Create(CultureInfo.InvariantCulture, $"{audit.Keep.TotalDays:0} days"))} (keep_days): more than {Math.Floor(records / audit.Keep.TotalSeconds):0} answers a second over all that time fill it, and requests are refused"),
            AuditPolicy.Rotate => $"{holds}. Then the oldest go (on_full = \"rotate\")",
            AuditPolicy.DropAndCount => $"{holds}. Then requests go on without a record (on_full = \"drop_and_count\")",
            _ => $"{holds}. Then requests are refused (on_full = \"refuse\")",
        };
    }

    private static string Round(double records) => records >= 1e6
        ? string.Create(CultureInfo.InvariantCulture, $"{records / 1e6:0.#} million")
        : string.Create(CultureInfo.InvariantCulture, $"{records:0}");

    private static string Time(double seconds) => seconds switch
    {
        < 7200 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0} minutes"),
        < 4 * 86_400 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:0} hours"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 86_400:0} days"),
    };
}
