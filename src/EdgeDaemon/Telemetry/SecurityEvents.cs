using System.Collections.Frozen;

namespace EdgeDaemon.Telemetry;

/// <summary>What a line of the log means to whoever watches over the device.</summary>
/// <param name="Name">Stable, lower_snake: what alarms and searches are written against (README.md).</param>
/// <param name="IsAlert">It also becomes a record of the audit log; what is not one is recorded where it happens, with fields of its own.</param>
internal readonly record struct SecurityEvent(string Name, bool IsAlert);

/// <summary>
/// The lines of <see cref="Log"/> that are security events, by their numbers. A name, once given, stays: texts may be rewritten, alarms may not break by it.
/// </summary>
internal static class SecurityEvents
{
    private static readonly FrozenDictionary<int, SecurityEvent> Events = new Dictionary<int, SecurityEvent>
    {
        // Who is there, and may he.
        [38] = new("access_refused", false),
        [40] = new("connection_turned_away", false),
        [41] = new("connections_left_out", false),
        [36] = new("penalty_begins", true),
        [60] = new("sender_is_another", true),
        [61] = new("descriptors_sent", true),
        [62] = new("account_gone", true),

        // What is believed.
        [9] = new("configuration_applied", false),
        [10] = new("reload_refused", false),
        [15] = new("reload_broke", true),
        [23] = new("history_unusable", true),
        [24] = new("clock_is_behind", true),
        [33] = new("history_not_written", true),
        [42] = new("material_out_of_date", true),
        [45] = new("policy_in_force", false),

        // What serves.
        [19] = new("model_retired", false),
        [20] = new("model_committed", false),
        [21] = new("model_rejected", false),
        [22] = new("signature_ignored", false),
        [25] = new("model_expired", true),
        [29] = new("never_probes", true),
        [32] = new("probe_unfiltered", true),
        [34] = new("bundle_broke", true),
        [37] = new("member_failed", true),

        // What the operator did.
        [11] = new("log_level_changed", false),
        [12] = new("drain_begins", false),
        [13] = new("drain_ended", false),
        [14] = new("penalty_lifted", false),

        // Alarms: edged, or something below it, does not do what it must.
        [44] = new("memory_kept", true),
        [70] = new("memory_mismatch", true),
        [110] = new("lane_lost", true),
        [112] = new("watch_broke", true),

        // The audit log itself.
        [130] = new("audit_checkpoint", false),
        [131] = new("audit_state", false),
        [132] = new("audit_dropped", false),
        [133] = new("audit_in_force", false),
        [134] = new("audit_not_recorded", false),
        [135] = new("audit_segment_abandoned", true),
        [136] = new("audit_disk_stalled", true),
        [137] = new("audit_quota_near", true),
    }.ToFrozenDictionary();

    /// <summary>The names with the numbers of their lines.</summary>
    public static IEnumerable<KeyValuePair<int, SecurityEvent>> All => Events;

    public static bool TryFind(int line, out SecurityEvent found) => Events.TryGetValue(line, out found);
}
