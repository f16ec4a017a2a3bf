using EdgeDaemon.Admission;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Listeners;
using EdgeDaemon.Monitoring;
using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Pipeline;

/// <summary>
/// What stays of a refusal, whatever wire it goes out by: a record, detail for the operator here, a terse text for the caller, a number in the tenant's usage,
/// and what counts against the caller.
/// </summary>
internal sealed class RefusalRecord(ILogger log, RequestCounters counters, TenantAccounts accounts, PenaltyBox penalties, AuditTrail audit, TimeProvider clock)
{
    private readonly RefusalLines _lines = new(clock);

    /// <summary>Whether the exchange's caller was put outside since its connection was let in.</summary>
    public bool LeavesOutside(HttpExchange exchange) => !penalties.IsEmpty && !exchange.Listener.IsForOperators && penalties.IsOutside(exchange.Caller.Name);

    /// <summary>A request of such a caller: it is cut without an answer, and not written, for the log has the penalty.</summary>
    public void CountLeftOutside(HttpExchange exchange)
    {
        accounts.UsageOf(exchange.Caller.TenantIn(accounts.Directory.Now)).CountRefusal(Refusal.AdmissionPenalty);
        counters.CountRefusal(Refusal.AdmissionPenalty);
        audit.Refuse(exchange, Refusal.AdmissionPenalty, Outcome.Limited, 0, "it is left outside for a while");
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

        audit.Refuse(exchange, refusal, Outcomes.Of(refusal), RefusalMapping.Of(refusal).Status, detail);
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
        else if (RequestRecord.IsAuthentication(refusal) || refusal == Refusal.AccessRoleMissing)
        {
            Log.AccessRefused(log, exchange.Id, caller, refusal, detail);
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
            audit.Refuse(exchange, Refusal.None, Outcome.Cancelled, 0, "its caller went away");
        }
    }
}
