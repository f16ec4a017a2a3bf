using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;
using EdgeDaemon.Identity;
using EdgeDaemon.Models;

namespace EdgeDaemon.Monitoring;

/// <summary>
/// <c>GET /metrics</c>: everything that is counted, in one order that does not change. Labels come from closed sets: tenants of the configuration,
/// models that serve, listeners, and enums; what belongs to none of them is "(other)".
/// </summary>
internal sealed partial class MetricsPage(MetricsSources from, TimeProvider clock)
{
    // No name of a tenant or model has parentheses: none can be taken for it.
    private const string Other = "(other)";

    private readonly DateTimeOffset _started = clock.GetUtcNow();

    public byte[] Write()
    {
        var text = new MetricsText();
        Requests(text);
        Refusals(text);
        Latencies(text);
        Lanes(text);
        Ensembles(text);
        Smoothing(text);
        Tenants(text);
        Audit(text);
        Connections(text);
        Memory(text);
        Releases(text);
        Daemon(text);
        return text.ToUtf8();
    }

    /// <summary>The word that an enum's member has as a label: lower_snake.</summary>
    public static string Word<T>(T member)
        where T : struct, Enum
    {
        var word = new System.Text.StringBuilder();
        foreach (char c in member.ToString())
        {
            if (char.IsAsciiLetterUpper(c) && word.Length > 0)
            {
                word.Append('_');
            }

            word.Append(char.ToLowerInvariant(c));
        }

        return word.ToString();
    }

    private void Requests(MetricsText text)
    {
        Pair[] pairs = [.. Pairs()];
        text.Counter("edged_requests_total", "Inference requests by tenant, model and how they ended.");
        foreach (Pair pair in pairs)
        {
            foreach (Outcome outcome in Enum.GetValues<Outcome>())
            {
                long count = from.Requests.Requests(pair.TenantPlace, pair.ModelPlace, outcome);
                if (count > 0 || (outcome == Outcome.Ok && pair.Expected))
                {
                    text.Sample(count, ("tenant", pair.Tenant), ("model", pair.Model), ("outcome", Word(outcome)));
                }
            }
        }

        text.Counter("edged_request_body_bytes_total", "Bytes of the bodies of answered inference requests.");
        Bytes(pair => from.Requests.ReceivedBytes(pair.TenantPlace, pair.ModelPlace));
        text.Counter("edged_response_body_bytes_total", "Bytes of the bodies of inference answers.");
        Bytes(pair => from.Requests.SentBytes(pair.TenantPlace, pair.ModelPlace));

        void Bytes(Func<Pair, long> value)
        {
            foreach (Pair pair in pairs)
            {
                long bytes = value(pair);
                if (bytes > 0 || pair.Expected)
                {
                    text.Sample(bytes, ("tenant", pair.Tenant), ("model", pair.Model));
                }
            }
        }
    }

    private IEnumerable<Pair> Pairs()
    {
        Tenant?[] tenants = [null, .. from.Tenants.Now.Tenants.Where(tenant => RequestCounters.IsApart(tenant.Index + 1))]; // Who has no place is in "(other)".
        ServedModel?[] models = [null, .. from.Models.Serving.Where(model => model.Place > 0)];
        foreach (Tenant? tenant in tenants)
        {
            foreach (ServedModel? model in models)
            {
                yield return new Pair(
                    tenant?.Name ?? Other, tenant is null ? 0 : tenant.Index + 1, model?.Name ?? Other, model?.Place ?? 0,
                    tenant is not null && model is not null && Authorisation.Sees(tenant, model.Name, Access.Infer));
            }
        }
    }

    /// <param name="Expected">The tenant may ask the model: its counters stand there before the first request, so that a rate has a beginning.</param>
    private readonly record struct Pair(string Tenant, int TenantPlace, string Model, int ModelPlace, bool Expected);

    private void Refusals(MetricsText text)
    {
        text.Counter("edged_refusals_total", "Refusals of requests of any kind by their exact cause.");
        foreach (Refusal refusal in Enum.GetValues<Refusal>())
        {
            if (refusal != Refusal.None)
            {
                text.Sample(from.Requests.Refusals(refusal), ("cause", Word(refusal)));
            }
        }
    }

    private void Latencies(MetricsText text)
    {
        text.Histogram("edged_request_duration_seconds", "How long the stages of answered inference requests took; begins anew with each release of a model.");
        foreach (ServedModel model in from.Models.Serving)
        {
            foreach (RequestStage stage in Enum.GetValues<RequestStage>())
            {
                LatencySum latency = model.Engine.Latency(stage);
                text.Buckets(LatencyHistogram.Bounds.AsSpan(), latency.Counts.AsSpan(), latency.Seconds, ("model", model.Name), ("stage", Word(stage)));
            }
        }
    }

    private void Lanes(MetricsText text)
    {
        text.Gauge("edged_lanes", "Requests of a model that can run at once.");
        PerModel(model => model.Engine.Lanes);
        text.Gauge("edged_lanes_busy", "Requests of a model that run.");
        PerModel(model => model.Engine.BusyLanes);
        text.Gauge("edged_lanes_lost", "Lanes of a model whose runs were given up and have not come back; others have their places.");
        PerModel(model => model.Engine.LostLanes);
        text.Counter("edged_engine_lost_lanes_total", "Lanes whose runs did not end when they were told to, and were given up. More than none is an alarm.");
        text.Sample(from.Watch?.LostLanes ?? 0);
        text.Counter("edged_engine_stopped_runs_total", "Runs that were told to stop because their requests' deadlines had passed.");
        text.Sample(from.Watch?.StoppedRuns ?? 0);
        text.Gauge("edged_queue_requests", "Requests that wait for a lane of a model.");
        PerModel(model => model.Engine.Waiting);
        text.Histogram("edged_run_requests", "Requests that one run of a model answered: more than one where requests of a tenant share a run.");
        foreach (ServedModel model in from.Models.Serving)
        {
            (System.Collections.Immutable.ImmutableArray<long> counts, long requests) = model.Engine.RequestsOfRuns;
            text.Buckets(RunSizes.Requests.AsSpan(), counts.AsSpan(), requests, ("model", model.Name));
        }

        text.Gauge("edged_model_requests_in_flight", "Requests that hold a model, from their head to their answer.");
        PerModel(model => model.InFlight);

        void PerModel(Func<ServedModel, double> value)
        {
            foreach (ServedModel model in from.Models.Serving)
            {
                text.Sample(value(model), ("model", model.Name));
            }
        }
    }

    private void Tenants(MetricsText text)
    {
        text.Gauge("edged_tenant_share", "Weight of a tenant beside others.");
        PerTenant(tenant => tenant.Settings.Share);
        if (from.Use is { } use)
        {
            text.Gauge("edged_tenant_requests_in_flight", "Requests of a tenant in flight.");
            PerTenant(tenant => use(tenant).Requests);
            text.Gauge("edged_tenant_requests_waiting", "Requests of a tenant that wait for a lane.");
            PerTenant(tenant => use(tenant).Waiting);
            text.Gauge("edged_tenant_connections_open", "Open connections of a tenant.");
            PerTenant(tenant => use(tenant).Connections);
            text.Gauge("edged_tenant_tensor_bytes", "Tensor memory that a tenant holds.");
            PerTenant(tenant => use(tenant).TensorBytes);
            text.Counter("edged_tenant_lane_seconds_total", "Time that a tenant had lanes, by which turns are given.");
            PerTenant(tenant => use(tenant).LaneSeconds);
        }

        text.Gauge("edged_penalties_active", "Callers that are left outside for a while.");
        text.Sample(from.Penalties.Inside().Count);

        void PerTenant(Func<Tenant, double> value)
        {
            foreach (Tenant tenant in from.Tenants.Now.Tenants)
            {
                text.Sample(value(tenant), ("tenant", tenant.Name));
            }
        }
    }
}
