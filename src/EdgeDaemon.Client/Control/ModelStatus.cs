using System.Text.Json;

namespace EdgeDaemon.Client.Control;

/// <summary><c>GET /control/models</c>.</summary>
public sealed record ModelStatusList(IReadOnlyList<ModelStatus> Models);

/// <summary>
/// One bundle on the device, <c>GET /control/models/{folder-or-name}</c>. A refused one has state UNAVAILABLE, its folder
/// and the reason; what was not proven about it, and what it has not got, is null.
/// </summary>
/// <param name="Folder">Name of the bundle's folder.</param>
/// <param name="State">READY, LOADING or UNAVAILABLE.</param>
/// <param name="Reason">Why the bundle is not served; empty when it is.</param>
/// <param name="Name">The model's name.</param>
/// <param name="Version">The version it is served under, in digits.</param>
/// <param name="Sequence">The release's place in the model's history.</param>
/// <param name="ReleaseDigest">The identity of the release: SHA-256 in hex over its files' digests.</param>
/// <param name="SignedBy">Names of the trusted keys whose signatures count.</param>
/// <param name="Members">The model files of the ensemble.</param>
/// <param name="InferenceCount">Inferences answered since the model began to serve.</param>
/// <param name="LoadedAt">When the model began to serve.</param>
/// <param name="Expired">The release, or the trust policy, has expired; it goes on because it was in service before.</param>
/// <param name="Probe">What the first load in a child process took; null when the daemon does not probe.</param>
/// <param name="Engine">How it is computed, and spread over the cores.</param>
/// <param name="Lineage">What model.toml says of the model's origin, as it stands there.</param>
public sealed record ModelStatus(
    string Folder,
    string State,
    string Reason,
    string? Name = null,
    string? Version = null,
    ulong? Sequence = null,
    string? ReleaseDigest = null,
    IReadOnlyList<string>? SignedBy = null,
    IReadOnlyList<MemberStatus>? Members = null,
    ulong? InferenceCount = null,
    DateTimeOffset? LoadedAt = null,
    bool? Expired = null,
    ProbeStatus? Probe = null,
    EngineStatus? Engine = null,
    JsonElement? Lineage = null);

/// <summary>How a model is computed, and spread over the cores.</summary>
/// <param name="Lanes">Requests that run at once.</param>
/// <param name="IntraOpThreads">Threads for one operator.</param>
/// <param name="SessionPerLane">Each lane has a session of its own.</param>
/// <param name="Reason">Whose choice that was.</param>
/// <param name="Optimisation">How far its graphs are rewritten: none, basic, extended, all.</param>
/// <param name="Deterministic">Only kernels that give the same bits for the same input.</param>
/// <param name="DenormalAsZero">Denormal numbers are flushed to zero.</param>
/// <param name="MemoryPattern">Activations are laid out once for each shape.</param>
/// <param name="LanesLost">Lanes whose runs did not end and have not come back; others have their places. More than none is an alarm.</param>
public sealed record EngineStatus(
    int Lanes, int IntraOpThreads, bool SessionPerLane, string Reason, string Optimisation, bool Deterministic, bool DenormalAsZero, bool MemoryPattern, int LanesLost);

/// <summary>The first load of a release, in a child process.</summary>
/// <param name="LoadSeconds">For one session of each member.</param>
/// <param name="LoadPeakBytes">Resident memory that the load took at its highest.</param>
/// <param name="SelfTests">How many of the bundle's self-tests ran and passed.</param>
/// <param name="Batches">Time and memory of growing batches.</param>
/// <param name="Unmeasured">Why the list of batches ends early; null when it does not.</param>
public sealed record ProbeStatus(double LoadSeconds, long LoadPeakBytes, int SelfTests, IReadOnlyList<ProbedBatchStatus>? Batches = null, string? Unmeasured = null);

/// <summary>One batch size: the fastest run in seconds, and the resident memory that it took at its highest.</summary>
public sealed record ProbedBatchStatus(long Size, double Seconds, long PeakBytes);

/// <summary>One model file of the ensemble.</summary>
/// <param name="Failed">Runs that ended in an error since the model began to serve.</param>
/// <param name="Late">Runs that took longer than the manifest allows a member.</param>
/// <param name="LastFailureAt">The last of either; null when there was none.</param>
public sealed record MemberStatus(string Name, string File, string Sha256, long Failed = 0, long Late = 0, DateTimeOffset? LastFailureAt = null);
