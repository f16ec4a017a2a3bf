using EdgeDaemon.Audit;
using EdgeDaemon.Engine;
using EdgeDaemon.Identity;
using EdgeDaemon.Listeners;
using EdgeDaemon.Models;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Native.Onnx.Memory;

namespace EdgeDaemon.Monitoring;

/// <summary>Whatever the page of metrics reads; made by the wiring.</summary>
internal sealed record MetricsSources(RequestCounters Requests, ModelRegistry Models, TenantDirectory Tenants, TensorBlockPool Tensors, SessionMemory Runs, SegmentPool Segments)
{
    public HandshakeCounts Handshakes { get; init; } = new();

    public AuditTrail Audit { get; init; } = AuditTrail.Off;

    public ReloadCounts Reloads { get; } = new();

    public PenaltyDesk Penalties { get; init; } = PenaltyDesk.Empty;

    /// <summary>Null: nobody watches runs.</summary>
    public LaneWatch? Watch { get; init; }

    /// <summary>Null: nobody counts what tenants hold.</summary>
    public Func<Tenant, TenantUse>? Use { get; init; }

    public Func<IEnumerable<DoorTraffic>> Doors { get; set; } = () => [];

    public Func<bool> Draining { get; init; } = () => false;
}
