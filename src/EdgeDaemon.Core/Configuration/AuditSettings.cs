using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Configuration;

/// <summary>The record of decisions: where it lies, when it is on the disk, how much it may take, and what happens when it cannot go on.</summary>
public sealed record AuditSettings
{
    private const int MostModels = 256;

    private AuditSettings()
    {
    }

    /// <summary>False: nothing is recorded.</summary>
    public required bool Enabled { get; init; }

    /// <summary>Absolute; the log's own folder.</summary>
    public required string Directory { get; init; }

    /// <summary>First line of every checkpoint; null: whatever the log was made with.</summary>
    public required string? Origin { get; init; }

    /// <summary>Whether every answer waits for its record's sync.</summary>
    public required bool Strict { get; init; }

    /// <summary>Patterns of <see cref="NamePattern"/>: models whose answers wait, whatever <see cref="Strict"/> says.</summary>
    public required ImmutableArray<string> StrictModels { get; init; }

    /// <summary>Most batched records that a power cut can lose.</summary>
    public required int WindowRecords { get; init; }

    /// <summary>Oldest batched record that a power cut can lose.</summary>
    public required TimeSpan Window { get; init; }

    /// <summary>Records that wait for the writer.</summary>
    public required int BufferBytes { get; init; }

    public required int CheckpointRecords { get; init; }

    /// <summary>Also when nothing happens.</summary>
    public required TimeSpan CheckpointInterval { get; init; }

    /// <summary>How long one key signs.</summary>
    public required TimeSpan Epoch { get; init; }

    public required int SegmentBytes { get; init; }

    /// <summary>Of all segments, the one ahead and the reserve included.</summary>
    public required long MaxBytes { get; init; }

    /// <summary>Younger sealed segments are never deleted.</summary>
    public required TimeSpan Keep { get; init; }

    /// <summary>Below it the file system is low on space.</summary>
    public required long MinFreeBytes { get; init; }

    public required AuditPolicy OnFull { get; init; }

    public required AuditPolicy OnLowSpace { get; init; }

    /// <summary>Never <see cref="AuditPolicy.Rotate"/>.</summary>
    public required AuditPolicy OnError { get; init; }

    /// <summary>So long a call to the disk may take before the log counts as stalled, and nobody waits for it.</summary>
    public required TimeSpan StallAfter { get; init; }

    /// <summary>When records come faster than the disk takes them. Never <see cref="AuditPolicy.Rotate"/>.</summary>
    public required AuditPolicy OnBehind { get; init; }

    public required AuditDigest InputDigest { get; init; }

    public required AuditDigest OutputDigest { get; init; }

    /// <summary>Place of the key of <see cref="AuditDigest.Gmac"/>; null only where neither digest is one.</summary>
    public required string? DigestKey { get; init; }

    /// <summary>Place of the salt under which identifying fields stand as an HMAC; null: they stand as they are.</summary>
    public required string? RedactionSalt { get; init; }

    /// <summary>Whether the answer to a request waits for its record's sync: a model that is named always, else as its tenant says, else as the table does.</summary>
    public bool IsStrict(AuditDurability tenant, string model)
    {
        foreach (string pattern in StrictModels)
        {
            if (NamePattern.Matches(pattern, model))
            {
                return true;
            }
        }

        return tenant == AuditDurability.AsConfigured ? Strict : tenant == AuditDurability.Strict;
    }

    /// <param name="table">Null: the defaults.</param>
    /// <param name="stateDirectory">Where the log lies unless the table says otherwise.</param>
    internal static AuditSettings Read(TomlSection? table, string stateDirectory)
    {
        table ??= new TomlSection(TomlReader.Read(default, "defaults"), new TomlDiagnostics("defaults"));
        var audit = new AuditSettings
        {
            Enabled = table.Boolean("enabled", true),
            Directory = table.String("directory", stateDirectory.TrimEnd('/') + "/audit", 4096, SettingPaths.CheckAbsolute),
            Origin = table.OptionalString("origin", 128, OriginFault),
            Strict = table.Choice("durability", false, ("batched", false), ("strict", true)),
            StrictModels = table.Strings("strict_models", MostModels, ModelName.MaxLength, NamePattern.Fault),
            WindowRecords = table.Integer("window_records", 1000, 1, 1_000_000),
            Window = TimeSpan.FromMilliseconds(table.Integer("window_ms", 100, 1, 60_000)),
            BufferBytes = table.Integer("buffer_bytes", 4 << 20, 256 << 10, 256 << 20),
            CheckpointRecords = table.Integer("checkpoint_records", 4096, 1, 1_000_000),
            CheckpointInterval = TimeSpan.FromSeconds(table.Integer("checkpoint_seconds", 60, 1, 86_400)),
            Epoch = TimeSpan.FromSeconds(table.Integer("epoch_seconds", 3600, 10, 31_536_000)),
            SegmentBytes = table.Integer("segment_bytes", 16 << 20, 256 << 10, 1 << 30),
            MaxBytes = table.Integer("max_bytes", 4L << 30, 1 << 20, 1L << 44),
            Keep = TimeSpan.FromDays(table.Integer("keep_days", 1, 0, 36_500)),
            MinFreeBytes = table.Integer("min_free_bytes", 128L << 20, 0, 1L << 44),
            OnFull = Policy(table, "on_full", AuditPolicy.Rotate),
            OnLowSpace = Policy(table, "on_low_space", AuditPolicy.Rotate),
            OnError = table.Choice("on_error", AuditPolicy.Refuse, ("refuse", AuditPolicy.Refuse), ("drop_and_count", AuditPolicy.DropAndCount)),
            StallAfter = TimeSpan.FromSeconds(table.Integer("stall_seconds", 5, 1, 3600)),
            OnBehind = table.Choice("on_behind", AuditPolicy.Wait, ("wait", AuditPolicy.Wait), ("refuse", AuditPolicy.Refuse), ("drop_and_count", AuditPolicy.DropAndCount)),
            InputDigest = Digest(table, "input_digest", AuditDigest.None),
            OutputDigest = Digest(table, "output_digest", AuditDigest.None),
            DigestKey = table.OptionalString("digest_key", 4096, SettingPaths.CheckMaterial),
            RedactionSalt = table.OptionalString("redaction_salt", 4096, SettingPaths.CheckMaterial),
        };
        if (audit.MaxBytes < 4L * audit.SegmentBytes)
        {
            // The one that is written, the one ahead, and at least two that tell of the past.
            table.ErrorAt("max_bytes", $"is {audit.MaxBytes}, less than four segments of {audit.SegmentBytes} bytes (segment_bytes): raise it, or make segments smaller");
        }

        if (audit.SegmentBytes % 4096 != 0)
        {
            table.ErrorAt("segment_bytes", $"is {audit.SegmentBytes}, not a multiple of 4096: files are laid out in whole pages");
        }

        if (audit.Epoch < audit.CheckpointInterval)
        {
            table.ErrorAt("epoch_seconds", $"is {audit.Epoch.TotalSeconds:0}, shorter than checkpoint_seconds {audit.CheckpointInterval.TotalSeconds:0}: a key would end before it has signed anything");
        }

        if (audit.DigestKey is null && (audit.InputDigest == AuditDigest.Gmac || audit.OutputDigest == AuditDigest.Gmac))
        {
            table.ErrorAt(audit.InputDigest == AuditDigest.Gmac ? "input_digest" : "output_digest", "is \"gmac\", which needs a key: set 'digest_key'");
        }

        return audit;
    }

    private static AuditPolicy Policy(TomlSection table, string key, AuditPolicy fallback) =>
        table.Choice(key, fallback, ("refuse", AuditPolicy.Refuse), ("rotate", AuditPolicy.Rotate), ("drop_and_count", AuditPolicy.DropAndCount));

    private static AuditDigest Digest(TomlSection table, string key, AuditDigest fallback) =>
        table.Choice(key, fallback, ("none", AuditDigest.None), ("gmac", AuditDigest.Gmac), ("sha256", AuditDigest.Sha256));

    // C2SP tlog-checkpoint, and as the name of a key (signed-note): no space, no plus.
    private static string? OriginFault(string text) =>
        text.Length > 0 && text.All(c => c is > ' ' and < '\x7F' and not '+') && !text.Contains("://", StringComparison.Ordinal)
            ? null
            : "must be an address without scheme, like \"plant.example/edge/7\": printable ASCII without spaces and '+'";
}

/// <summary>Whether an answer waits for its record.</summary>
public enum AuditDurability
{
    /// <summary>As the wider setting says.</summary>
    AsConfigured,

    /// <summary>A power cut can lose the newest records, at most those of the loss window.</summary>
    Batched,
    Strict,
}

/// <summary>What happens where the log cannot take a record.</summary>
public enum AuditPolicy
{
    /// <summary>No answer leaves without its record.</summary>
    Refuse,

    /// <summary>The oldest sealed segment that <see cref="AuditSettings.Keep"/> allows is deleted, and a record says which; with none, as <see cref="Refuse"/>.</summary>
    Rotate,

    /// <summary>The work goes on; the next record that can be written says how many were lost, and why.</summary>
    DropAndCount,

    /// <summary>Answers wait until there is room.</summary>
    Wait,
}

/// <summary>How a tensor's bytes stand in a record.</summary>
public enum AuditDigest
{
    None,

    /// <summary>AES-256-GMAC under a key of the device: cheap, and evidence only for who holds that key.</summary>
    Gmac,
    Sha256,
}
