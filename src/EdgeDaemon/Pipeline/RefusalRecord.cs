using EdgeDaemon.Admission;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Listeners;
using EdgeDaemon.Monitoring;
using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Pipeline;

/// <summary>
/// What stays of a refusal, whatever wire it goes out by: detail for the operator here, a terse text for the caller, a number in the tenant's usage,
/// and what counts against the caller.
/// </summary>
internal sealed class RefusalRecord(ILogger log, RequestCounters counters, TenantAccounts accounts, PenaltyBox penalties, TimeProvider clock)
{
    private readonly RefusalLines _lines = new(clock);

    /// <summary>Whether the exchange's caller was put outside since its connection was let in.</summary>
    public bool LeavesOutside(HttpExchange exchange) => !penalties.IsEmpty && !exchange.Listener.IsForOperators && penalties.IsOutside(exchange.Caller.Name);

    /// <summary>A request of such a caller: it is cut without an answer, and not written, for the log has the penalty.</summary>
    public void CountLeftOutside(HttpExchange exchange)
    {
        accounts.UsageOf(exchange.Caller.TenantIn(accounts.Directory.Now)).CountRefusal(Refusal.AdmissionPenalty);
        counters.CountRefusal(Refusal.AdmissionPenalty);
    }

    public void Write(HttpExchange exchange, Refusal refusal, string detail, Exception? cause)
    {
        string caller = exchange.Caller.Name;
        accounts.UsageOf(exchange.Tenant).CountRefusal(refusal);
        counters.CountRefusal(refusal);
        if (exchange.IsInference)
        {
            counters.CountEnd(exchange.Tenant is { } tenant ? tenant.Index + 1 : 0, exchange.ModelPlace, Outcomes.Of(refusal));
        }

        if (RefusalBlame.IsCallers(refusal, exchange.Tenant) && !exchange.Listener.IsForOperators)
        {
            penalties.Blame(caller, refusal.ToString());
        }

        bool failure = RefusalMapping.IsFailure(refusal);
        if (!log.IsEnabled(failure ? LogLevel.Error : LogLevel.Warning) || !_lines.TryTake(caller, out long leftOut))
        {
            return;
        }

        if (leftOut > 0)
        {
            Log.RefusalsNotWritten(log, leftOut, caller);
        }

        if (failure)
        {
            Log.RequestFailed(log, exchange.Id, caller, refusal, detail, cause);
        }
        else
        {
            Log.RequestRefused(log, exchange.Id, caller, refusal, detail);
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
