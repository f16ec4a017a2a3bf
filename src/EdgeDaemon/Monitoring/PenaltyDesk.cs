using EdgeDaemon.Admission;

namespace EdgeDaemon.Monitoring;

/// <summary>Who is left outside, and how somebody is let in again.</summary>
/// <param name="Inside">Those whose time is not over.</param>
/// <param name="Lift">False: nobody of that name is among them.</param>
internal sealed record PenaltyDesk(Func<IReadOnlyList<Penalty>> Inside, Func<string, bool> Lift)
{
    public static PenaltyDesk Empty { get; } = new(() => [], _ => false);
}
