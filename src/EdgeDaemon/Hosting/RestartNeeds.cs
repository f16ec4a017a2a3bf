using System.Collections.Immutable;
using EdgeDaemon.Core.Configuration;

namespace EdgeDaemon.Hosting;

/// <summary>The keys of edged.toml that count from the start to the end of a process: sockets are open, sessions are made, memory is laid out by them.</summary>
internal static class RestartNeeds
{
    /// <summary>What differs, as <c>[table] key</c>.</summary>
    public static ImmutableArray<string> Between(EdgedSettings now, EdgedSettings next)
    {
        var needs = ImmutableArray.CreateBuilder<string>();
        Compare("state_dir", settings => settings.StateDirectory);
        Compare("[runtime] library", settings => settings.Runtime.Library);
        Compare("[runtime] sha256", settings => settings.Runtime.Sha256);
        Compare("[engine] lanes", settings => settings.Engine.Lanes);
        Compare("[engine] intra_op_threads", settings => settings.Engine.IntraOpThreads);
        Compare("[engine] queue", settings => settings.Engine.Queue);
        Compare("[engine] max_batch", settings => settings.Engine.MaxBatch);
        Compare("[engine] max_batch_delay_us", settings => settings.Engine.MaxBatchDelay);
        Compare("[engine] stuck_after_seconds", settings => settings.Engine.StuckAfter);
        Compare("[smoothing] max_samples", settings => settings.Smoothing.MaxSamples);
        Compare("[smoothing] max_time_ms", settings => settings.Smoothing.MaxTime);
        Compare("[smoothing] max_requests", settings => settings.Smoothing.MaxRequests);
        Compare("[memory] clear", settings => settings.Memory.ClearsAlways);
        Compare("[memory] idle_seconds", settings => settings.Memory.Idle);
        Compare("[memory] max_run_bytes", settings => settings.Memory.MaxRunBytes);
        Compare("[limits] max_connections", settings => settings.Limits.MaxConnections);
        Compare("[limits] max_source_connections", settings => settings.Limits.MaxSourceConnections);
        Compare("[limits] max_handshakes", settings => settings.Limits.MaxHandshakes);
        Compare("[limits] source_handshakes_per_second", settings => settings.Limits.SourceHandshakesPerSecond);
        Compare("[limits] handshake_timeout_seconds", settings => settings.Limits.HandshakeTimeout);
        Compare("[limits] max_body_bytes", settings => settings.Limits.MaxBodyBytes);
        Compare("[limits] max_head_bytes", settings => settings.Limits.MaxHeadBytes);
        Compare("[limits] max_json_depth", settings => settings.Limits.MaxJsonDepth);
        Compare("[limits] max_tensors", settings => settings.Limits.MaxTensors);
        Compare("[limits] head_timeout_seconds", settings => settings.Limits.HeadTimeout);
        Compare("[limits] body_timeout_seconds", settings => settings.Limits.BodyTimeout);
        Compare("[limits] request_timeout_seconds", settings => settings.Limits.RequestTimeout);
        Compare("[limits] idle_timeout_seconds", settings => settings.Limits.IdleTimeout);
        Compare("[limits] min_body_bytes_per_second", settings => settings.Limits.MinBodyBytesPerSecond);
        Compare("[limits] max_tensor_bytes", settings => settings.Limits.MaxTensorBytes);
        Compare("[limits] max_response_bytes", settings => settings.Limits.MaxResponseBytes);
        Compare("[audit] enabled", settings => settings.Audit.Enabled);
        Compare("[audit] directory", settings => settings.Audit.Directory == settings.StateDirectory + "/audit" ? "" : settings.Audit.Directory); // The default goes with state_dir.
        Compare("[audit] origin", settings => settings.Audit.Origin);
        Compare("[audit] durability", settings => settings.Audit.Strict);
        Compare("[audit] window_records", settings => settings.Audit.WindowRecords);
        Compare("[audit] window_ms", settings => settings.Audit.Window);
        Compare("[audit] buffer_bytes", settings => settings.Audit.BufferBytes);
        Compare("[audit] checkpoint_records", settings => settings.Audit.CheckpointRecords);
        Compare("[audit] checkpoint_seconds", settings => settings.Audit.CheckpointInterval);
        Compare("[audit] epoch_seconds", settings => settings.Audit.Epoch);
        Compare("[audit] segment_bytes", settings => settings.Audit.SegmentBytes);
        Compare("[audit] max_bytes", settings => settings.Audit.MaxBytes);
        Compare("[audit] keep_days", settings => settings.Audit.Keep);
        Compare("[audit] min_free_bytes", settings => settings.Audit.MinFreeBytes);
        Compare("[audit] on_full", settings => settings.Audit.OnFull);
        Compare("[audit] on_low_space", settings => settings.Audit.OnLowSpace);
        Compare("[audit] on_error", settings => settings.Audit.OnError);
        Compare("[audit] stall_seconds", settings => settings.Audit.StallAfter);
        Compare("[audit] on_behind", settings => settings.Audit.OnBehind);
        Compare("[audit] input_digest", settings => settings.Audit.InputDigest);
        Compare("[audit] output_digest", settings => settings.Audit.OutputDigest);
        Compare("[audit] digest_key", settings => settings.Audit.DigestKey);
        Compare("[audit] redaction_salt", settings => settings.Audit.RedactionSalt);
        if (!now.Audit.StrictModels.SequenceEqual(next.Audit.StrictModels))
        {
            needs.Add("[audit] strict_models");
        }

        foreach (ListenSettings listen in now.Listeners)
        {
            if (next.Listeners.FirstOrDefault(other => other.Name == listen.Name) is not { } other)
            {
                needs.Add($"[[listen]] '{listen.Name}' is gone");
                continue;
            }

            Listener(listen, other);
        }

        foreach (ListenSettings listen in next.Listeners.Where(listen => !now.Listeners.Any(other => other.Name == listen.Name)))
        {
            needs.Add($"[[listen]] '{listen.Name}' is new");
        }

        return needs.ToImmutable();

        void Compare<T>(string key, Func<EdgedSettings, T> value)
        {
            if (!EqualityComparer<T>.Default.Equals(value(now), value(next)))
            {
                needs.Add(key);
            }
        }

        void Listener(ListenSettings listen, ListenSettings other)
        {
            string prefix = $"[[listen]] '{listen.Name}'";
            if (listen.UnixPath != other.UnixPath)
            {
                needs.Add($"{prefix} unix");
            }

            if (!Equals(listen.Tcp?.EndPoint, other.Tcp?.EndPoint))
            {
                needs.Add($"{prefix} tcp");
            }

            if (listen.Mode != other.Mode)
            {
                needs.Add($"{prefix} mode");
            }

            if (!listen.Surfaces.SequenceEqual(other.Surfaces))
            {
                needs.Add($"{prefix} exposes");
            }
        }
    }
}
