namespace EdgeDaemon.Client.Control;

/// <summary><c>GET /control/tenants</c>, in the order of the configuration.</summary>
public sealed record TenantStatusList(IReadOnlyList<TenantStatus> Tenants);

/// <summary>One tenant: what it may do, may take, and takes.</summary>
/// <param name="Name">As the configuration has it.</param>
/// <param name="Callers">Who they are, <c>method:value</c>.</param>
/// <param name="Roles">infer, observe, fleet, admin.</param>
/// <param name="Models">Patterns of the models that exist for it.</param>
/// <param name="Share">Weight beside other tenants.</param>
/// <param name="Limits">Null members: no limit of its own.</param>
/// <param name="Requests">Inference requests since the start by how they ended: ok, not_found, not_permitted, invalid, limited, busy, late, cancelled, draining, failed.</param>
/// <param name="RequestBodyBytes">Bytes of the bodies of answered requests.</param>
/// <param name="ResponseBodyBytes">Bytes of their answers.</param>
/// <param name="Usage">What it holds now.</param>
public sealed record TenantStatus(
    string Name,
    IReadOnlyList<string> Callers,
    IReadOnlyList<string> Roles,
    IReadOnlyList<string> Models,
    long Share,
    TenantLimits Limits,
    IReadOnlyDictionary<string, long> Requests,
    long RequestBodyBytes,
    long ResponseBodyBytes,
    TenantUsage? Usage = null);

/// <summary>Limits of a tenant's own; null where it has none.</summary>
public sealed record TenantLimits(
    long? RequestsPerSecond = null, long? BurstRequests = null, long? BytesPerSecond = null, long? BurstBytes = null,
    long? MaxRequests = null, long? MaxConnections = null, long? MaxTensorBytes = null);

/// <summary>What a tenant holds at the moment.</summary>
public sealed record TenantUsage(long RequestsInFlight, long RequestsWaiting, long Connections, long TensorBytes);
