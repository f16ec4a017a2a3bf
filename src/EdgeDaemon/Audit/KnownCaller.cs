using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Identity;
using EdgeDaemon.Listeners;

namespace EdgeDaemon.Audit;

/// <summary>Who asked which release in the last record of this exchange, as bytes: the next request is the same caller's for the same release as a rule.</summary>
internal sealed class KnownCaller
{
    private readonly PreparedFields _fields = new();
    private Redaction? _redaction;
    private Tenant? _tenant;
    private Caller? _caller;
    private object? _listener;
    private AuditedModel? _model;
    private RequestWire _wire;

    /// <summary>False: it is another one's, or for another release.</summary>
    public bool TryWrite(ref RecordWriter record, Redaction? redaction, HttpExchange exchange) =>
        ReferenceEquals(_model, exchange.Draft.Model) && ReferenceEquals(_caller, exchange.Caller) && ReferenceEquals(_tenant, exchange.Tenant) && ReferenceEquals(_listener, exchange.Listener)
        && ReferenceEquals(_redaction, redaction) && _wire == exchange.Draft.Wire && _model is not null && record.TryWrite(_fields);

    /// <param name="from">Where in the record its fields begin; they end where it ends now.</param>
    public void Keep(in RecordWriter record, int from, Redaction? redaction, HttpExchange exchange)
    {
        (_redaction, _tenant, _caller, _listener, _model, _wire) = (redaction, exchange.Tenant, exchange.Caller, exchange.Listener, exchange.Draft.Model, exchange.Draft.Wire);
        record.Keep(_fields, from);
    }
}
