using System.Text.Json;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Identity;
using EdgeDaemon.Monitoring;

namespace EdgeDaemon.Control;

/// <summary>What each tenant may do, may take, and takes.</summary>
internal static class TenantDocument
{
    private static readonly (Roles Role, string Word)[] Words = [(Roles.Infer, "infer"), (Roles.Observe, "observe"), (Roles.Fleet, "fleet"), (Roles.Admin, "admin")];

    public static void Write(Utf8JsonWriter json, MetricsSources from)
    {
        json.WriteStartArray("tenants");
        foreach (Tenant tenant in from.Tenants.Now.Tenants)
        {
            json.WriteStartObject();
            TenantSettings settings = tenant.Settings;
            json.WriteString("name", settings.Name);
            Texts(json, "callers", settings.Callers.Select(caller => caller.ToString()));
            Texts(json, "roles", Words.Where(word => tenant.Has(word.Role)).Select(word => word.Word));
            Texts(json, "models", settings.Models);
            json.WriteNumber("share", settings.Share);
            json.WriteStartObject("limits");
            Limit(json, "requests_per_second", settings.RequestsPerSecond);
            Limit(json, "burst_requests", settings.BurstRequests);
            Limit(json, "bytes_per_second", settings.BytesPerSecond);
            Limit(json, "burst_bytes", settings.BurstBytes);
            Limit(json, "max_requests", settings.MaxRequests);
            Limit(json, "max_connections", settings.MaxConnections);
            Limit(json, "max_tensor_bytes", settings.MaxTensorBytes);
            json.WriteEndObject();
            if (from.Use is { } use)
            {
                TenantUse now = use(tenant);
                json.WriteStartObject("usage");
                json.WriteNumber("requests_in_flight", now.Requests);
                json.WriteNumber("requests_waiting", now.Waiting);
                json.WriteNumber("connections", now.Connections);
                json.WriteNumber("tensor_bytes", now.TensorBytes);
                json.WriteEndObject();
            }

            Counts(json, from.Requests, tenant.Index + 1);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    // Of every model that ever served: what was answered stays answered when its model goes. A tenant without a place of its own (they are many, over all
    // reloads) has no numbers, rather than those of all who share the last place.
    private static void Counts(Utf8JsonWriter json, RequestCounters requests, int tenant)
    {
        json.WriteStartObject("requests");
        if (RequestCounters.IsApart(tenant))
        {
            foreach (Outcome outcome in Enum.GetValues<Outcome>())
            {
                json.WriteNumber(MetricsPage.Word(outcome), requests.Requests(tenant, outcome));
            }
        }

        json.WriteEndObject();
        json.WriteNumber("request_body_bytes", requests.ReceivedBytes(tenant));
        json.WriteNumber("response_body_bytes", requests.SentBytes(tenant));
    }

    // 0 says in the file that there is no limit of the tenant's own.
    private static void Limit(Utf8JsonWriter json, string name, long value)
    {
        if (value > 0)
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void Texts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
