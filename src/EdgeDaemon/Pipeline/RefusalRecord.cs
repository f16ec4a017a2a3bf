using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Listeners;
using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Pipeline;

/// <summary>What stays of a refusal, whatever wire it goes out by: detail for the operator here, a terse text for the caller.</summary>
internal sealed class RefusalRecord(ILogger log)
{
    public void Write(HttpExchange exchange, Refusal refusal, string detail, Exception? cause)
    {
        if (RefusalMapping.IsFailure(refusal))
        {
            Log.RequestFailed(log, exchange.Id, exchange.Caller.Name, refusal, detail, cause);
        }
        else
        {
            Log.RequestRefused(log, exchange.Id, exchange.Caller.Name, refusal, detail);
        }
    }
}
