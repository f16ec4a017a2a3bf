namespace EdgeDaemon.Engine;

/// <summary>Who wants a lane, how urgently, for how much and until when.</summary>
/// <param name="Tenant">Its index.</param>
/// <param name="Share">Its weight beside other tenants.</param>
/// <param name="Priority">One of <see cref="RequestPriority"/>'s levels.</param>
/// <param name="Bytes">Of all inputs.</param>
/// <param name="Deadline">In <see cref="System.Diagnostics.Stopwatch"/>'s ticks; <see cref="long.MaxValue"/> for none.</param>
internal readonly record struct LaneRequest(int Tenant, int Share, int Priority, long Bytes, long Deadline);
