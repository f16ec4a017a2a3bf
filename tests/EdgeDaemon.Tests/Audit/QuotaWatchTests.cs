using EdgeDaemon.Audit;
using EdgeDaemon.Core.Configuration;

namespace EdgeDaemon.Tests.Audit;

[TestClass]
public sealed class QuotaWatchTests
{
    private static readonly AuditSettings Settings = SpoolFixture.Settings();
    private static readonly long Hundredth = Settings.MaxBytes / 100;

    [TestMethod]
    public void It_is_said_once_until_there_is_room_again()
    {
        var watch = new QuotaWatch("/folder", Settings);
        (long Percent, bool Said)[] days = [(0, false), (79, false), (80, true), (95, false), (75, false), (81, false), (69, false), (80, true), (100, false)];
        foreach ((long percent, bool said) in days)
        {
            Assert.AreEqual(said, watch.Look(percent * Hundredth, null) is { Kind: AuditAlarmKind.QuotaNear }, $"{percent} of 100");
        }
    }

    [TestMethod]
    [DataRow(AuditPolicy.Refuse, "requests are refused", false)]
    [DataRow(AuditPolicy.DropAndCount, "requests go on without a record", false)]
    [DataRow(AuditPolicy.Rotate, "requests are refused", true)]
    public void It_says_what_comes_when_and_what_to_do(AuditPolicy policy, string consequence, bool days)
    {
        string Text(double? perHour) => new QuotaWatch("/folder", Settings with { OnFull = policy }).Look(90 * Hundredth, perHour)?.Text ?? "";
        StringAssert.Contains(Text(null), $"/folder: what must be kept has {90 * Hundredth} of the {Settings.MaxBytes} bytes");
        StringAssert.Contains(Text(null), $"When they are used up, {consequence}");
        StringAssert.Contains(Text((Settings.MaxBytes - (90 * Hundredth)) / 2.5), ", in some 2.5 hours as things went so far, ");
        StringAssert.Contains(Text(1), "export and remove the oldest segments, or raise max_bytes");
        Assert.AreEqual(days, Text(1).EndsWith("or lower keep_days", StringComparison.Ordinal));
    }
}
