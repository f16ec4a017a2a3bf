using System.Globalization;
using EdgeDaemon.Core.Configuration;

namespace EdgeDaemon.Audit;

/// <summary>Says once when most of the log's quota is used up by what must be kept: before the log closes, not when, for an operator needs time to export, or to raise the quota. Not for two threads at once.</summary>
internal sealed class QuotaWatch(string folder, AuditSettings settings)
{
    private const int NearPercent = 80;
    private const int FarPercent = 70;

    private bool _isNear;

    /// <param name="kept">Bytes that no rule lets go.</param>
    /// <param name="perHour">By how many bytes they grow; null: not known yet.</param>
    /// <returns>What is to be said, when <paramref name="kept"/> has passed 80% of the quota, and again only after it was below 70%.</returns>
    public AuditAlarm? Look(long kept, double? perHour)
    {
        bool near = kept >= settings.MaxBytes / 100 * NearPercent;
        bool told = _isNear;
        _isNear = near || (_isNear && kept >= settings.MaxBytes / 100 * FarPercent);
        return near && !told ? new AuditAlarm(AuditAlarmKind.QuotaNear, Text(kept, perHour)) : null;
    }

    private string Text(long kept, double? perHour)
    {
        string rate = perHour is { } bytes ? string.Create(CultureInfo.InvariantCulture, $", in some {Math.Max(0, settings.MaxBytes - kept) / bytes:0.#} hours as things went so far") : "";
        string consequence = settings.OnFull == AuditPolicy.DropAndCount ? "requests go on without a record" : "requests are refused";
        return string.Create(CultureInfo.InvariantCulture, $"{folder}: what must be kept has {kept} of the {settings.MaxBytes} bytes of [audit] max_bytes. When they are used up{rate}, {consequence}: export and remove the oldest segments, or raise max_bytes{(settings.OnFull == AuditPolicy.Rotate ? ", or lower keep_days" : "")}");
    }
}
