using System.Buffers;
using System.Text.Json;
using EdgeDaemon.Admission;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine.Voting;
using EdgeDaemon.Hosting;
using EdgeDaemon.Models;
using EdgeDaemon.Monitoring;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Native.Posix;
using EdgeDaemon.Pipeline;
using EdgeDaemon.Telemetry;

namespace EdgeDaemon.Control;

/// <summary>The JSON documents of the control surface, written from the registry as it stands.</summary>
internal sealed class ControlDocuments(MetricsSources from, ModelRegistry registry, RequestAdmission admission, LogOutput logs, ConfigurationInForce configuration, TimeProvider clock)
{
    private readonly DateTimeOffset _started = clock.GetUtcNow();

    /// <summary>Set once the library is loaded, before any listener opens.</summary>
    public OnnxRuntime? Runtime { get; set; }

    public byte[] Status() => Write(json =>
    {
        json.WriteString("version", Hosting.Build.Version);
        json.WriteString("framework", Hosting.Build.Framework);
        json.WriteStartObject("runtime");
        json.WriteString("version", Runtime?.Version);
        json.WriteString("sha256", Runtime?.Digest);
        json.WriteString("path", configuration.Now.Runtime.Library);
        json.WriteEndObject();
        json.WriteNumber("uptime_seconds", (long)(clock.GetUtcNow() - _started).TotalSeconds);
        if (registry.Trust is { } trust)
        {
            json.WriteStartObject("trust");
            json.WriteNumber("version", trust.TrustVersion);
            json.WriteString("expires", trust.TrustExpires);
            json.WriteString("trusted_time", trust.TrustedTime);
            json.WriteBoolean("clock_is_behind", trust.ClockIsBehind);
            json.WriteString("fault", trust.Fault);
            json.WriteEndObject();
        }

        json.WriteStartObject("audit");
        AuditDocument.WriteState(json, from.Audit);
        json.WriteEndObject();
        json.WriteBoolean("ready", !admission.Draining && from.Audit.Accepts);
        json.WriteBoolean("memory_kept", Clearing.IsOff);
        json.WriteBoolean("draining", admission.Draining);
        json.WriteNumber("requests_in_flight", InFlight());
        json.WriteString("log_level", ControlSurface.LevelOf(logs));
        json.WriteNumber("reloads", from.Reloads.Applied);
        json.WriteNumber("models_ready", registry.Serving.Length);
        json.WriteNumber("models_refused", registry.Refused.Length);
        json.WriteNumber("lanes_lost", from.Watch?.LostLanes ?? 0);
        json.WriteStartArray("failing_members");
        foreach (ServedModel model in registry.Serving)
        {
            foreach (MemberRecord member in model.Engine.Ensemble?.Members.Where(member => member.Last is not null) ?? [])
            {
                json.WriteStartObject();
                json.WriteString("model", model.Name);
                json.WriteString("member", member.Name);
                Failures(json, member);
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();

        // What the hot path must not add to: the benchmark reads it before and after so many requests.
        json.WriteNumber("managed_allocated_bytes", GC.GetTotalAllocatedBytes());
        json.WriteNumber("managed_collections", GC.CollectionCount(0));
    });

    public byte[] Models() => Write(json =>
    {
        json.WriteStartArray("models");
        foreach (ServedModel model in registry.Serving)
        {
            json.WriteStartObject();
            Describe(json, model);
            json.WriteEndObject();
        }

        foreach (RefusedBundle bundle in registry.Refused)
        {
            json.WriteStartObject();
            Describe(json, bundle);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    /// <summary>One model by its name, or one bundle by its folder.</summary>
    public byte[] Model(string nameOrFolder)
    {
        ServedModel? model = registry.Serving.FirstOrDefault(candidate => candidate.Name == nameOrFolder)
            ?? registry.Serving.FirstOrDefault(candidate => candidate.Folder == nameOrFolder);
        if (model is not null)
        {
            return Write(json => Describe(json, model));
        }

        RefusedBundle? bundle = registry.Refused.FirstOrDefault(candidate => candidate.Folder == nameOrFolder || candidate.Name == nameOrFolder);
        return bundle is not null
            ? Write(json => Describe(json, bundle))
            : throw new RefusedException(Refusal.ModelNotFound, $"control: no model or folder '{nameOrFolder}'");
    }

    public byte[] Statistics() => Document.Of(output => StatisticsWriter.Write(output, [.. registry.Serving.Select(ServerDocuments.StatisticsOf)]));

    /// <summary>Whether the daemon drains, and how much is left to finish.</summary>
    public byte[] Drain() => Write(json =>
    {
        json.WriteBoolean("draining", admission.Draining);
        json.WriteNumber("requests_in_flight", InFlight());
    });

    public byte[] Penalties() => Write(json =>
    {
        json.WriteStartArray("penalties");
        foreach (Penalty penalty in from.Penalties.Inside())
        {
            json.WriteStartObject();
            json.WriteString("caller", penalty.Name);
            json.WriteString("since", penalty.Since);
            json.WriteString("until", penalty.Until);
            json.WriteNumber("times", penalty.Times);
            json.WriteString("reason", penalty.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    public byte[] Tenants() => Write(json => TenantDocument.Write(json, from));

    public byte[] Audit() => Write(json => AuditDocument.Write(json, from.Audit));

    public static byte[] LogLevel(string level) => Write(json => json.WriteString("level", level));

    public static byte[] Report(ReloadReport report) => Write(json =>
    {
        if (!report.Good)
        {
            json.WriteString("error", report.Errors.IsEmpty ? "needs a restart" : "the configuration is not good");
        }

        json.WriteBoolean("good", report.Good);
        json.WriteBoolean("applied", report.Applied);
        Texts(json, "errors", report.Errors);
        Texts(json, "restart", report.Restart);
        json.WriteNumber("models_ready", report.Serving);
        json.WriteNumber("models_refused", report.Refused);
    });

    private static void Texts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    private static void Failures(Utf8JsonWriter json, MemberRecord? member)
    {
        if (member?.Last is { } last)
        {
            json.WriteNumber("failed", member.Failed);
            json.WriteNumber("late", member.Late);
            json.WriteString("last_failure_at", last);
        }
    }

    // Of the tenants, not of the models that serve: a request whose body still comes, or whose model was taken away, is to be waited for, too.
    private long InFlight() => admission.Accounts.InFlight;

    private static void Describe(Utf8JsonWriter json, ServedModel model)
    {
        json.WriteString("name", model.Name);
        json.WriteString("version", model.Manifest.Version);
        json.WriteNumber("sequence", model.Manifest.Sequence);
        json.WriteString("state", "READY");
        json.WriteString("reason", "");
        json.WriteBoolean("expired", model.Expired);
        json.WriteString("release_digest", model.ReleaseDigest);
        json.WriteStartArray("signed_by");
        foreach (string key in model.SignedBy)
        {
            json.WriteStringValue(key);
        }

        json.WriteEndArray();
        json.WriteStartArray("members");
        foreach (ServedMember member in model.Members)
        {
            json.WriteStartObject();
            json.WriteString("name", member.Name);
            json.WriteString("file", member.File);
            json.WriteString("sha256", member.Sha256);
            Failures(json, model.Engine.Ensemble?.Members.FirstOrDefault(record => record.Name == member.Name));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("folder", model.Folder);
        json.WriteString("loaded_at", model.LoadedAt);
        json.WriteNumber("inference_count", model.Inferences);
        json.WriteStartObject("engine");
        json.WriteNumber("lanes", model.Engine.Lanes);
        json.WriteNumber("lanes_lost", model.Engine.LostLanes);
        json.WriteNumber("intra_op_threads", model.Plan.Threads);
        json.WriteBoolean("session_per_lane", model.Plan.SessionPerLane);
        json.WriteString("reason", model.Plan.Reason);
        json.WriteString("optimisation", MetricsPage.Word(model.Manifest.Session.Optimisation));
        json.WriteBoolean("deterministic", model.Manifest.Session.Deterministic);
        json.WriteBoolean("denormal_as_zero", model.Manifest.Session.DenormalAsZero);
        json.WriteBoolean("memory_pattern", model.Manifest.Session.MemoryPattern);
        json.WriteEndObject();
        if (model.Probe is { } probe)
        {
            json.WriteStartObject("probe");
            json.WriteNumber("load_seconds", probe.LoadSeconds);
            json.WriteNumber("load_peak_bytes", probe.LoadPeakBytes);
            json.WriteNumber("self_tests", probe.SelfTests);
            json.WriteStartArray("batches");
            foreach (ProbedBatch batch in probe.Batches)
            {
                json.WriteStartObject();
                json.WriteNumber("size", batch.Size);
                json.WriteNumber("seconds", batch.Seconds);
                json.WriteNumber("peak_bytes", batch.PeakBytes);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteString("unmeasured", probe.Unmeasured);
            json.WriteStartArray("layouts");
            foreach (ProbedLayout layout in probe.Layouts)
            {
                json.WriteStartObject();
                json.WriteNumber("lanes", layout.Lanes);
                json.WriteNumber("threads", layout.Threads);
                json.WriteBoolean("session_per_lane", layout.SessionPerLane);
                json.WriteNumber("runs_per_second", layout.RunsPerSecond);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteStartObject("lineage");
        json.WriteString("code", model.Manifest.Lineage.Code);
        json.WriteString("data", model.Manifest.Lineage.Data);
        json.WriteString("environment", model.Manifest.Lineage.Environment);
        json.WriteEndObject();
    }

    private static void Describe(Utf8JsonWriter json, RefusedBundle bundle)
    {
        json.WriteString("name", bundle.Name);
        json.WriteString("version", bundle.Version);
        json.WriteString("state", "UNAVAILABLE");
        json.WriteString("reason", bundle.Reason);
        json.WriteString("folder", bundle.Folder);
    }

    private static byte[] Write(Action<Utf8JsonWriter> content)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            content(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
