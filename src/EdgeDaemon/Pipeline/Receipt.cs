using EdgeDaemon.Audit;
using EdgeDaemon.Engine;
using EdgeDaemon.Listeners;

namespace EdgeDaemon.Pipeline;

/// <summary>What a caller that asked for it (<c>audit</c> = true) is told of its record: where it is, and what the log's last checkpoint says.</summary>
internal static class Receipt
{
    /// <summary>Records the request, waits for the disk, and adds where it is to what the answer tells.</summary>
    /// <exception cref="Core.Protocol.RefusedException">It could not be recorded, and no answer may leave without.</exception>
    public static async ValueTask AddAsync(AuditTrail audit, HttpExchange exchange, InferenceWork work, RequestTimes times)
    {
        audit.Take(exchange.Draft, work.Arrived(work.Plan.Count).Span);
        AuditReceipt receipt = await audit.ReceiptAsync(exchange, times);
        work.Told = [.. work.Told, .. receipt.Parameters()];
    }
}
