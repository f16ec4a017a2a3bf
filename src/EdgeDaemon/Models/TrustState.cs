namespace EdgeDaemon.Models;

/// <summary>What models were judged by at the last load, for status.</summary>
/// <param name="TrustVersion">Of the policy that was read.</param>
/// <param name="ClockIsBehind">The clock is behind what is known to have passed; expiry is judged by <paramref name="TrustedTime"/>.</param>
/// <param name="Fault">Why no bundle could be judged at all; null when they were.</param>
internal sealed record TrustState(long TrustVersion, DateTimeOffset TrustExpires, DateTimeOffset TrustedTime, bool ClockIsBehind, string? Fault);
