using EdgeDaemon.Hosting;
using EdgeDaemon.Listeners;
using EdgeDaemon.Models;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Monitoring;

/// <summary>The part of the page that is not about requests: connections, memory, what serves, the process.</summary>
internal sealed partial class MetricsPage
{
    private const int DigestShown = 16;

    private void Connections(MetricsText text)
    {
        DoorTraffic[] doors = [.. from.Doors()];
        text.Gauge("edged_connections_open", "Open connections by listener.");
        PerDoor(door => door.Open);
        text.Counter("edged_connections_total", "Connections that were accepted, by listener.");
        PerDoor(door => door.Accepted);
        text.Counter("edged_connections_turned_away_total", "Connections that were cut when they came, by listener.");
        PerDoor(door => door.TurnedAway);
        text.Counter("edged_received_bytes_total", "Bytes received from the wire, by listener.");
        PerDoor(door => door.ReceivedBytes);
        text.Counter("edged_sent_bytes_total", "Bytes sent to the wire, by listener.");
        PerDoor(door => door.SentBytes);
        text.Counter("edged_handshakes_total", "TLS handshakes by how they ended.");
        foreach (HandshakeOutcome outcome in Enum.GetValues<HandshakeOutcome>())
        {
            text.Sample(from.Handshakes[outcome], ("outcome", Word(outcome)));
        }

        void PerDoor(Func<DoorTraffic, double> value)
        {
            foreach (DoorTraffic door in doors)
            {
                text.Sample(value(door), ("listener", door.Listener));
            }
        }
    }

    private void Memory(MetricsText text)
    {
        text.Gauge("edged_tensor_memory_used_bytes", "Tensor memory of requests in flight.");
        text.Sample(from.Tensors.InUse);
        text.Gauge("edged_tensor_memory_kept_bytes", "Tensor memory kept, zeroed, for the next requests.");
        text.Sample(from.Tensors.Kept);
        text.Gauge("edged_tensor_memory_limit_bytes", "max_tensor_bytes.");
        text.Sample(from.Tensors.Budget);
        text.Gauge("edged_memory_kept", "1: tenants' memory is NOT cleared (EDGED_UNSAFE_KEEP_MEMORY, a switch for tests).");
        text.Sample(Clearing.IsOff ? 1 : 0);
        (long dirtied, long cleared, long ticks) = from.Runs.Statistics();
        text.Gauge("edged_run_memory_held_bytes", "Memory that models run in, in use or kept for the next run.");
        text.Sample(from.Runs.Held);
        text.Gauge("edged_run_memory_limit_bytes", "memory.max_run_bytes.");
        text.Sample(from.Runs.Budget);
        text.Counter("edged_run_memory_dirtied_bytes_total", "Bytes of it that were handed out clean.");
        text.Sample(dirtied);
        text.Counter("edged_run_memory_cleared_bytes_total", "Bytes of it that were zeroed after a tenant's runs.");
        text.Sample(cleared);
        text.Counter("edged_run_memory_clear_seconds_total", "Time that the zeroing took.");
        text.Sample(System.Diagnostics.Stopwatch.GetElapsedTime(0, ticks).TotalSeconds);
        text.Gauge("edged_run_memory_mismatch_bytes", "Alarm unless 0: bytes that should have been zeroed and were not.");
        text.Sample(from.Runs.MismatchBytes);
        text.Counter("edged_run_memory_overruns_total", "Runs that were stopped because they asked for more memory than they may have.");
        text.Sample(from.Runs.Overruns);
        text.Gauge("edged_segment_pool_used_bytes", "Blocks of the transport that hold bytes of connections.");
        text.Sample(from.Segments.AllocatedBytes - from.Segments.WaitingBytes);
        text.Gauge("edged_segment_pool_kept_bytes", "Blocks of the transport kept, zeroed, for the next connections.");
        text.Sample(from.Segments.WaitingBytes);

        ProcessState process = ProcessState.Read();
        text.Gauge("edged_process_resident_memory_bytes", "Resident memory of the process.");
        text.Sample(process.ResidentBytes);
        text.Gauge("edged_process_threads", "Threads of the process.");
        text.Sample(process.Threads);
        text.Counter("edged_process_cpu_seconds_total", "Processor time of the process, user and system.");
        text.Sample(Environment.CpuUsage.TotalTime.TotalSeconds);
        text.Gauge("edged_gc_heap_bytes", "Managed memory in use at the last collection, and what was allocated since.");
        text.Sample(GC.GetTotalMemory(forceFullCollection: false));
        text.Counter("edged_gc_allocated_bytes_total", "Managed memory that was ever allocated.");
        text.Sample(GC.GetTotalAllocatedBytes());
        text.Counter("edged_gc_pause_seconds_total", "Time in which the collector held everybody up.");
        text.Sample(GC.GetTotalPauseDuration().TotalSeconds);
        text.Counter("edged_gc_collections_total", "Collections of managed memory by generation, each counted in the younger ones, too.");
        for (int generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            text.Sample(GC.CollectionCount(generation), ("generation", Digits(generation)));
        }
    }

    private void Releases(MetricsText text)
    {
        text.Gauge("edged_models_ready", "Models that serve.");
        text.Sample(from.Models.Serving.Length);
        text.Gauge("edged_models_refused", "Bundles that were refused.");
        text.Sample(from.Models.Refused.Length);
        text.Gauge("edged_model_info", "Always 1: which release of a model serves, by the first digits of its digest.");
        foreach (ServedModel model in from.Models.Serving)
        {
            text.Sample(1, ("model", model.Name), ("version", model.Manifest.Version), ("release", model.ReleaseDigest[..DigestShown]));
        }

        text.Gauge("edged_model_expired", "1: the release, or the trust policy, has expired, and it goes on because it was in service before.");
        foreach (ServedModel model in from.Models.Serving)
        {
            text.Sample(model.Expired ? 1 : 0, ("model", model.Name));
        }

        text.Gauge("edged_model_loaded_timestamp_seconds", "When the release began to serve.");
        foreach (ServedModel model in from.Models.Serving)
        {
            text.Sample(model.LoadedAt.ToUnixTimeSeconds(), ("model", model.Name));
        }

        if (from.Models.Trust is { } trust)
        {
            text.Gauge("edged_trust_version", "Version of the trust policy.");
            text.Sample(trust.TrustVersion);
            text.Gauge("edged_trust_expiry_timestamp_seconds", "When the trust policy expires.");
            text.Sample(trust.TrustExpires.ToUnixTimeSeconds());
            text.Gauge("edged_clock_behind", "1: the clock shows an earlier time than is known to have passed.");
            text.Sample(trust.ClockIsBehind ? 1 : 0);
        }
    }

    private void Daemon(MetricsText text)
    {
        text.Gauge("edged_build_info", "Always 1: what this executable is.");
        text.Sample(1, ("version", Build.Version), ("framework", Build.Framework));
        text.Gauge("edged_start_timestamp_seconds", "When the daemon started.");
        text.Sample(_started.ToUnixTimeSeconds());
        text.Gauge("edged_uptime_seconds", "Since the start.");
        text.Sample((clock.GetUtcNow() - _started).TotalSeconds);
        text.Gauge("edged_draining", "1: no new inference is taken.");
        text.Sample(from.Draining() ? 1 : 0);
        text.Counter("edged_reloads_total", "Reloads that were asked for, by what became of them.");
        text.Sample(from.Reloads.Applied, ("outcome", "applied"));
        text.Sample(from.Reloads.Refused, ("outcome", "refused"));
        text.Gauge("edged_reload_timestamp_seconds", "When a reload was last applied; 0: never.");
        text.Sample(from.Reloads.LastApplied);
    }

    private static string Digits(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
