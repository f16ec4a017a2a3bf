namespace EdgeDaemon.Client.Control;

/// <summary>How the audit log is, in <c>GET /control/status</c>.</summary>
/// <param name="Enabled">Whether decisions are recorded at all; without, nothing else is there.</param>
/// <param name="State"><c>running</c>, <c>low_space</c>, <c>full</c>, <c>failed</c>, <c>stalled</c> or <c>stopped</c>.</param>
/// <param name="Accepts">False: requests are refused, since what would be decided cannot be recorded.</param>
/// <param name="Reason">What happened, and what to do; empty while it runs.</param>
/// <param name="Since">From when on it has been so.</param>
public sealed record AuditState(bool Enabled, string? State = null, bool Accepts = true, string? Reason = null, DateTimeOffset? Since = null);

/// <summary><c>GET /control/audit</c>: the same, how far the log has come, and what it has done since the start.</summary>
/// <param name="Size">Records on the disk, from the log's first on.</param>
/// <param name="Pending">Records that are taken and not yet on the disk.</param>
/// <param name="Segment">Number of the file that is written.</param>
/// <param name="Epoch">Number of the key that signs.</param>
/// <param name="Checkpoint">The newest.</param>
/// <param name="DiskBytes">Of all segments.</param>
/// <param name="FreeBytes">What the file system has left for the daemon.</param>
/// <param name="CallSeconds">How long the call to the disk that is under way has taken so far; 0: none is.</param>
/// <param name="KeptBytes">What of the segments no rule lets go; at the quota the log is full.</param>
public sealed record AuditStatus(
    bool Enabled, string? State = null, bool Accepts = true, string? Reason = null, DateTimeOffset? Since = null, string? Directory = null, long Size = 0, long Pending = 0,
    long Segment = 0, long Epoch = 0, AuditCheckpoint? Checkpoint = null, AuditRules? Rules = null, AuditWork? SinceStart = null, long DiskBytes = 0, long FreeBytes = 0, double CallSeconds = 0, long KeptBytes = 0);

/// <summary>Kept elsewhere, it shows whether the log was cut or written anew since.</summary>
/// <param name="Size">Records under it.</param>
/// <param name="Root">Of the tree over them, base64.</param>
/// <param name="Epoch">Whose key signed it.</param>
/// <param name="Time">When, by the log.</param>
/// <param name="Note">All of it: a signed note (C2SP).</param>
public sealed record AuditCheckpoint(long Size, string Root, long Epoch, DateTimeOffset Time, string Note);

/// <summary>By which rules the log is kept: <c>[audit]</c> of edged.toml.</summary>
public sealed record AuditRules(
    string Durability, IReadOnlyList<string> StrictModels, int WindowRecords, double WindowSeconds, int CheckpointRecords, double CheckpointSeconds, long MaxBytes,
    string OnFull, string OnLowSpace, string OnError, string OnBehind, string InputDigest, string OutputDigest, bool Redact, double StallSeconds = 0);

/// <summary>What was done since the daemon started.</summary>
/// <param name="Dropped">Records that are in no log, by cause: <c>behind</c>, <c>low_space</c>, <c>full</c>, <c>failed</c>, <c>stalled</c>.</param>
public sealed record AuditWork(
    long Records, long Bytes, long Syncs, long Batches, long Checkpoints, long AbandonedSegments, long DeletedSegments, IReadOnlyDictionary<string, long> Dropped,
    double LastSyncSeconds, double LongestSyncSeconds);
