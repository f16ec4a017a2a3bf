namespace EdgeDaemon.Monitoring;

/// <summary>A caller that is left outside for a while.</summary>
/// <param name="Caller">As penalties name callers: <c>unix:1000</c>, <c>cert:...</c>, a network address.</param>
/// <param name="Until">Then it may come in again.</param>
/// <param name="Times">How often in a row.</param>
internal sealed record StandingPenalty(string Caller, DateTimeOffset Until, int Times);

/// <summary>Who is left outside, and how somebody is let in again.</summary>
/// <param name="Inside">Those whose time is not over.</param>
/// <param name="Lift">False: nobody of that name is among them.</param>
internal sealed record PenaltyDesk(Func<IReadOnlyList<StandingPenalty>> Inside, Func<string, bool> Lift)
{
    public static PenaltyDesk Empty { get; } = new(() => [], _ => false);
}
