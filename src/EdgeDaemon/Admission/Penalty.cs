namespace EdgeDaemon.Admission;

/// <summary>A caller, or a network address, that is outside for a while.</summary>
/// <param name="Name"><c>unix:1000</c>, <c>cert:...</c>, <c>from:192.0.2.7</c>.</param>
/// <param name="Since">When it was put there.</param>
/// <param name="Until">When it may come again.</param>
/// <param name="Times">How often, this time included, without a long enough pause in between.</param>
/// <param name="Reason">Why it was refused the last time.</param>
internal sealed record Penalty(string Name, DateTimeOffset Since, DateTimeOffset Until, int Times, string Reason);
