namespace EdgeDaemon.Client.Control;

/// <summary><c>GET /control/penalties</c>.</summary>
public sealed record PenaltyStatusList(IReadOnlyList<PenaltyStatus> Penalties);

/// <summary>A caller that is left outside for a while.</summary>
/// <param name="Caller"><c>unix:1000</c>, <c>cert:...</c>, or a network address, <c>from:192.0.2.7</c>.</param>
/// <param name="Since">When it was put there.</param>
/// <param name="Until">When it may come again.</param>
/// <param name="Times">How often, this time included.</param>
/// <param name="Reason">Why it was refused the last time.</param>
public sealed record PenaltyStatus(string Caller, DateTimeOffset Since, DateTimeOffset Until, int Times, string Reason);
