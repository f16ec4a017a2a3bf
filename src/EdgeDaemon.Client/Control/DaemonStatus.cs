namespace EdgeDaemon.Client.Control;

/// <summary>
/// <c>GET /control/status</c>. <paramref name="Framework"/>: what the daemon was built with. Uptime in seconds. <paramref name="MemoryKept"/>: tenants' memory is NOT cleared
/// (a switch for tests). <paramref name="LanesLost"/>: runs that did not end when told to. <paramref name="Ready"/>: inference is taken.
/// </summary>
public sealed record DaemonStatus(
    string Version, string Framework, RuntimeStatus Runtime, double UptimeSeconds, int ModelsReady, int ModelsRefused, TrustStatus? Trust = null,
    bool Draining = false, int RequestsInFlight = 0, string? LogLevel = null, long Reloads = 0, bool MemoryKept = false, long LanesLost = 0,
    IReadOnlyList<FailingMember>? FailingMembers = null, bool Ready = true, AuditState? Audit = null);

/// <summary>A member of a served model that has given no answer <paramref name="Failed"/> times for an error and <paramref name="Late"/> times for taking too long.</summary>
public sealed record FailingMember(string Model, string Member, long Failed, long Late, DateTimeOffset LastFailureAt);

/// <summary>What models were judged by at the last load.</summary>
/// <param name="Version">Of the trust policy.</param>
/// <param name="Expires">Of the trust policy.</param>
/// <param name="TrustedTime">The time that expiry was judged by.</param>
/// <param name="ClockIsBehind">The device's clock showed an earlier time than is known to have passed.</param>
/// <param name="Fault">Why no bundle could be judged at all; null when they were.</param>
public sealed record TrustStatus(long Version, DateTimeOffset Expires, DateTimeOffset TrustedTime, bool ClockIsBehind, string? Fault);

/// <summary>The ONNX Runtime library that the daemon loaded: its own version, its SHA-256 (hex) and where it lies.</summary>
public sealed record RuntimeStatus(string Version, string Sha256, string Path);
