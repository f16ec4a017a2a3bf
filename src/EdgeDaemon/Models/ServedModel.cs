using System.Collections.Immutable;
using EdgeDaemon.Admission;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Onnx;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;
using EdgeDaemon.Engine.Smoothing;

namespace EdgeDaemon.Models;

/// <summary>One model as it is served: immutable but for its counters. Requests finish on the object they started with.</summary>
internal sealed class ServedModel : IDisposable
{
    // One for the registry, one for each request that holds the model; at 0 its sessions go.
    private int _holders = 1;
    private long _inferences;
    private volatile ModelStanding _standing;
    private readonly DescribedModel _alone; // each request has a run of its own
    private readonly DescribedModel _shared;

    public ServedModel(
        string folder, ReceivedBundle bundle, ProbeReport? probe, ModelContract contract, ImmutableArray<string> labels, LanePlan plan, DateTimeOffset loadedAt, ModelEngine engine)
    {
        ModelManifest manifest = bundle.Manifest;
        Folder = folder;
        Manifest = manifest;
        ReleaseDigest = bundle.Verified.ReleaseDigest;
        _standing = ModelStanding.Of(bundle);
        Inspection = bundle.Inspection;
        Probe = probe;
        Members = [.. manifest.Members.Select(member => new ServedMember(member.Name, member.File, Convert.ToHexStringLower(bundle.Content.Find(member.File)!.Entry.Sha256.AsSpan())))];
        LoadedAt = loadedAt;
        Engine = engine;
        Contract = contract;
        Plan = plan;
        _alone = DescribedModel.Of(manifest, labels, plan, null);
        _shared = engine.Batching is { } batching ? DescribedModel.Of(manifest, labels, plan, batching) : _alone;
        MetadataJson = Document.Of(output => ModelMetadataWriter.Write(output, _alone.Description));
        ReadyJson = Document.Of(output => HealthWriter.WriteModel(output, manifest.Name, ready: true));
    }

    public string Name => Manifest.Name;

    public string Folder { get; }

    /// <summary>Its place in whatever counts by model, the same for the same name as long as the daemon runs; 0 beyond those that are counted apart.</summary>
    public int Place { get; set; }

    public ModelManifest Manifest { get; }

    public ModelContract Contract { get; }

    /// <summary>The identity of the model: 64 lower-case hex digits.</summary>
    public string ReleaseDigest { get; }

    /// <summary>It, or the trust policy, has expired; it goes on because it was in service before.</summary>
    public bool Expired => _standing.Expired;

    /// <summary>What the walk over its graphs found and what they are made of.</summary>
    public ModelInspection Inspection { get; }

    /// <summary>What its first load in a child took; null when nobody probes.</summary>
    public ProbeReport? Probe { get; }

    /// <summary>Names of the trusted keys whose signatures were verified.</summary>
    public ImmutableArray<string> SignedBy => _standing.SignedBy;

    public ImmutableArray<ServedMember> Members { get; }

    public DateTimeOffset LoadedAt { get; }

    public ModelEngine Engine { get; }

    /// <summary>As records name it.</summary>
    public required AuditedModel Audited { get; init; }

    /// <summary>What it is smoothed with; null: it certifies nothing.</summary>
    public ModelSmoothing? Smoothing { get; init; }

    /// <summary>What was certified.</summary>
    public SmoothingStatistics Smoothed { get; } = new();

    /// <summary>Certifications that are under way, each tenant's apart.</summary>
    public PerTenant<TenantCertifications> Certifying { get; } = new(_ => new TenantCertifications());

    /// <summary>How it is spread over the cores.</summary>
    public LanePlan Plan { get; }

    /// <summary>How long it took says nothing of how long it will take.</summary>
    public bool MayRunLong => Manifest.ControlFlow;

    /// <summary>As metadata and configuration show it.</summary>
    public ModelDescription Description => Described.Description;

    /// <summary>Answers that cost nothing, written once.</summary>
    public byte[] MetadataJson { get; }

    public byte[] ConfigJson => Described.ConfigJson;

    public byte[] ReadyJson { get; }

    public long Inferences => Interlocked.Read(ref _inferences);

    /// <summary>Requests that hold it.</summary>
    public int InFlight => Math.Max(0, Volatile.Read(ref _holders) - 1);

    /// <summary>A request takes hold of it; false when it is out of service and its memory is going.</summary>
    public bool TryHold()
    {
        int holders = Volatile.Read(ref _holders);
        while (holders > 0)
        {
            int seen = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (seen == holders)
            {
                return true;
            }

            holders = seen;
        }

        return false;
    }

    /// <summary>A request has ended, or the registry has let go of it: the last one out frees the sessions.</summary>
    public void LetGo()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            Dispose();
        }
    }

    /// <summary>The same release was judged once more, by another trust policy or at a later time.</summary>
    public void Judged(ReceivedBundle bundle) => _standing = ModelStanding.Of(bundle);

    public void CountInference() => Interlocked.Increment(ref _inferences);

    public void Dispose() => Engine.Dispose();

    // Batching ends for good when a graph does not keep its release's word.
    private DescribedModel Described => Engine.Batching is { Stopped: false } ? _shared : _alone;
}

/// <summary>A member of a served model: its name, its file and that file's SHA-256.</summary>
internal sealed record ServedMember(string Name, string File, string Sha256);
