namespace EdgeDaemon.Monitoring;

/// <summary>What one tenant holds at the moment.</summary>
/// <param name="Requests">In flight.</param>
/// <param name="Waiting">Of those, how many wait for a lane.</param>
/// <param name="Connections">Open.</param>
/// <param name="TensorBytes">Tensor memory.</param>
/// <param name="LaneSeconds">Time that it had lanes, since its usage is counted.</param>
internal readonly record struct TenantUse(long Requests, long Waiting, long Connections, long TensorBytes, double LaneSeconds);
