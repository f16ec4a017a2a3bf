using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Listeners;
using EdgeDaemon.Monitoring;
using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Pipeline;

/// <summary>What stays of a refusal, whatever wire it goes out by: detail for the operator here, a terse text for the caller.</summary>
internal sealed class RefusalRecord(ILogger log, RequestCounters counters)
{
    public void Write(HttpExchange exchange, Refusal refusal, string detail, Exception? cause)
    {
        counters.CountRefusal(refusal);
        if (exchange.IsInference)
        {
            counters.CountEnd(exchange.Tenant is { } tenant ? tenant.Index + 1 : 0, exchange.ModelPlace, Outcomes.Of(refusal));
        }

        if (RefusalMapping.IsFailure(refusal))
        {
            Log.RequestFailed(log, exchange.Id, exchange.Caller.Name, refusal, detail, cause);
        }
        else
        {
            Log.RequestRefused(log, exchange.Id, exchange.Caller.Name, refusal, detail);
        }
    }

    /// <summary>The caller went away and nobody was refused.</summary>
    public void Gone(HttpExchange exchange)
    {
        if (exchange.IsInference)
        {
            counters.CountEnd(exchange.Tenant is { } tenant ? tenant.Index + 1 : 0, exchange.ModelPlace, Outcome.Cancelled);
        }
    }
}
