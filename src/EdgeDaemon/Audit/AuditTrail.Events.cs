using System.Net;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Listeners;
using EdgeDaemon.Telemetry;

namespace EdgeDaemon.Audit;

/// <summary>What happens beside requests: who could not prove who he is, models, trust, configuration, operators, alarms, begin and end. Rare: these may allocate.</summary>
internal sealed partial class AuditTrail
{
    /// <summary>The daemon begins.</summary>
    /// <param name="version">Of the daemon.</param>
    /// <param name="configuration">SHA-256 of edged.toml.</param>
    /// <param name="trust">SHA-256 of trust.toml.</param>
    /// <param name="trustVersion">Its version.</param>
    /// <param name="boot">The kernel's boot id.</param>
    /// <param name="program">SHA-256 of the executable; empty: it could not be read.</param>
    /// <param name="runtime">SHA-256 of the one inference library that is taken.</param>
    public void Start(string version, ReadOnlySpan<byte> configuration, ReadOnlySpan<byte> trust, long trustVersion, string boot, ReadOnlySpan<byte> program, ReadOnlySpan<byte> runtime)
    {
        var record = Event(RecordKind.Start);
        record.Write(RecordField.Version, version);
        record.Bytes(RecordField.Configuration, configuration);
        record.Bytes(RecordField.Trust, trust);
        record.Number(RecordField.TrustVersion, trustVersion);
        if (!program.IsEmpty)
        {
            record.Bytes(RecordField.Program, program);
        }

        record.Bytes(RecordField.Runtime, runtime);
        record.Write(RecordField.Boot, boot);
        record.Number(RecordField.Process, (long)Environment.ProcessId);
        End(ref record);
    }

    /// <summary>The daemon ends in order: the last record before the log is sealed.</summary>
    /// <param name="cause">A signal.</param>
    /// <param name="uptime">Since the start.</param>
    public void Stop(string cause, TimeSpan uptime)
    {
        var record = Event(RecordKind.Stop);
        record.Write(RecordField.Cause, cause);
        record.Number(RecordField.UptimeSeconds, (long)uptime.TotalSeconds);
        End(ref record);
    }

    /// <summary>A connection over TLS was turned away: by its certificate, its network, or how it came.</summary>
    /// <param name="leftOut">Others since the last one that have no record: strangers must not fill the log.</param>
    public void TurnAway(string listener, IPEndPoint source, HandshakeOutcome outcome, string reason, long leftOut)
    {
        var record = Event(RecordKind.AuthenticationFailure);
        record.Write(RecordField.Listener, listener);
        record.Write(RecordField.Peer, _redaction is null ? source.ToString() : source.Address.ToString()); // A port is another each time: with it nobody could be looked up.
        record.Text(RecordField.Protocol, "tls"u8);
        record.Write(RecordField.Outcome, MetricsWord(outcome));
        Detail(ref record, reason);
        if (leftOut > 0)
        {
            record.Number(RecordField.Count, leftOut);
        }

        End(ref record);
    }

    /// <summary>A step of a release's life.</summary>
    /// <param name="folder">Of its bundle.</param>
    /// <param name="release">Null where nothing of it can be believed.</param>
    /// <param name="sequence">Of the release; 0 the same.</param>
    /// <param name="detail">Why, or by whom signed.</param>
    public void Change(ModelStep step, string folder, AuditedModel? release, long sequence, string detail)
    {
        var record = Event(RecordKind.ModelChange);
        record.Write(RecordField.Action, MetricsWord(step));
        record.Write(RecordField.Subject, folder);
        record.Text(RecordField.Outcome, step is ModelStep.Rejected or ModelStep.RolledBack ? "rejected"u8 : "accepted"u8);
        if (release is not null)
        {
            record.Write(RecordField.Model, release.Name);
            record.Write(RecordField.ModelVersion, release.Version);
            record.Bytes(RecordField.Release, release.Release.Span);
            record.Number(RecordField.ReleaseSequence, sequence);
        }

        record.Write(RecordField.Detail, detail);
        End(ref record); // What serves is on the disk in the release history; whatever is decided with it comes behind this record.
    }

    /// <summary>A bundle does not serve.</summary>
    /// <param name="folder">Of the bundle.</param>
    /// <param name="name">Null where not even its manifest can be believed.</param>
    /// <param name="version">The same.</param>
    /// <param name="sequence">0 the same.</param>
    /// <param name="reason">For the operator.</param>
    public void Reject(string folder, string? name, string? version, long sequence, string reason)
    {
        var record = Event(RecordKind.ModelChange);
        record.Write(RecordField.Action, MetricsWord(ModelStep.Rejected));
        record.Write(RecordField.Subject, folder);
        record.Text(RecordField.Outcome, "rejected"u8);
        record.Write(RecordField.Model, name);
        record.Write(RecordField.ModelVersion, version);
        if (sequence > 0)
        {
            record.Number(RecordField.ReleaseSequence, sequence);
        }

        record.Write(RecordField.Detail, reason);
        End(ref record);
    }

    /// <summary>Another trust policy counts.</summary>
    public void ChangeTrust(long version, ReadOnlySpan<byte> before, ReadOnlySpan<byte> digest, string cause)
    {
        var record = Event(RecordKind.TrustChange);
        record.Text(RecordField.Action, "policy"u8);
        record.Text(RecordField.Outcome, "accepted"u8);
        record.Number(RecordField.TrustVersion, version);
        record.Bytes(RecordField.Trust, digest);
        record.Write(RecordField.OldValue, Convert.ToHexStringLower(before));
        record.Write(RecordField.Cause, cause);
        End(ref record, durably: true);
    }

    /// <summary>edged.toml was read anew.</summary>
    /// <param name="digest">SHA-256 of the file as it was read; empty where it was none.</param>
    /// <param name="fault">Why it stays as it was; null: it counts.</param>
    /// <param name="cause">Whoever asked.</param>
    public void ChangeConfiguration(ReadOnlySpan<byte> digest, string? fault, string cause)
    {
        var record = Event(RecordKind.ConfigurationChange);
        record.Text(RecordField.Action, "reload"u8);
        record.Text(RecordField.Outcome, fault is null ? "accepted"u8 : "refused"u8);
        record.Bytes(RecordField.Configuration, digest);
        record.Write(RecordField.Cause, cause);
        record.Write(RecordField.Detail, fault);
        End(ref record, durably: true);
    }

    /// <summary>An operator changed something over the control surface. Recorded once it is done; it is not refused for want of a record, or nobody could mend the log.</summary>
    /// <param name="exchange">Whose.</param>
    /// <param name="action">What, lower_snake.</param>
    /// <param name="subject">To what; null for the daemon as a whole.</param>
    /// <param name="after">The value that counts now; null where there is none.</param>
    /// <param name="before">The one that did.</param>
    /// <param name="whom">The caller whom it is about: redacted as callers are.</param>
    public async ValueTask ActAsync(HttpExchange exchange, string action, string? subject = null, string? after = null, string? before = null, string? whom = null)
    {
        if (_spool is not null)
        {
            exchange.Draft.IsRecorded = true;
            await _spool.AppendAsync(exchange.Draft.Waiter, Action(exchange, action, subject, after, before, whom), strict: true, goesOn: true);
        }
    }

    /// <summary>A robustness certificate was issued: the whole of it, in the log before the record of its request, and on the disk no later than that.</summary>
    /// <param name="exchange">Whose.</param>
    /// <param name="place">Of the input among the request's.</param>
    /// <param name="digest">SHA-256 of the text.</param>
    /// <param name="text">Canonical JSON, without the seed.</param>
    /// <exception cref="Core.Protocol.RefusedException">It is not in the log, and no answer may leave without.</exception>
    public async ValueTask CertifyAsync(HttpExchange exchange, int place, ReadOnlyMemory<byte> digest, ReadOnlyMemory<byte> text)
    {
        if (_spool is null)
        {
            return;
        }

        if (text.Length > EventRecord.LongestText)
        {
            throw Unrecorded(new AuditPlace(-1, AuditVerdict.Refused, AuditCause.TooLarge)); // Cut off it would be nobody's certificate.
        }

        // Its durability is that of the request's record, which comes after it.
        AuditPlace taken = await _spool.AppendAsync(exchange.Draft.Waiter, Certificate(exchange, place, digest.Span, text.Span), strict: false, deadline: exchange.BodyClock.Deadline);
        if (!taken.Permits)
        {
            throw Unrecorded(taken);
        }
    }

    private byte[] Certificate(HttpExchange exchange, int place, ReadOnlySpan<byte> digest, ReadOnlySpan<byte> text)
    {
        Span<char> id = stackalloc char[HttpExchange.LongestId];
        var record = new EventRecord(RecordKind.Certificate, _redaction, text.Length);
        record.Write(RecordField.RequestId, id[..exchange.WriteId(id)]);
        record.Write(RecordField.Tenant, exchange.Tenant?.Name);
        record.Write(RecordField.Model, exchange.Draft.Model?.Name);
        record.Number(RecordField.NoiseCounter, place);
        record.Bytes(RecordField.Certificate, digest);
        record.Text(RecordField.CertificateText, text);
        return record.Finish().ToArray();
    }

    /// <summary>An alarm: what the log had of it.</summary>
    public void Alert(SecurityEvent found, string text)
    {
        var record = Event(RecordKind.Alert);
        record.Write(RecordField.Alert, found.Name);
        Detail(ref record, text);
        End(ref record);
    }

    private EventRecord Event(RecordKind kind) => new(kind, _redaction);

    private void End(ref EventRecord record, bool durably = false)
    {
        if (_spool is not null)
        {
            _ = durably ? _spool.AppendDurably(record.Finish()) : _spool.Append(record.Finish());
        }
    }

    private static string MetricsWord<T>(T member)
        where T : struct, Enum => Monitoring.MetricsPage.Word(member);

    private byte[] Action(HttpExchange exchange, string action, string? subject, string? after, string? before, string? whom)
    {
        Span<char> id = stackalloc char[HttpExchange.LongestId];
        var record = Event(RecordKind.AdminAction);
        record.Write(RecordField.RequestId, id[..exchange.WriteId(id)]);
        record.Write(RecordField.Tenant, exchange.Tenant?.Name);
        record.Write(RecordField.Caller, exchange.Caller.Name);
        record.Write(RecordField.Listener, exchange.Listener.Name);
        record.Text(RecordField.Protocol, "control"u8);
        record.Text(RecordField.Role, "admin"u8);
        record.Text(RecordField.Outcome, "accepted"u8);
        record.Write(RecordField.Action, action);
        record.Write(RecordField.Subject, subject);
        record.Write(RecordField.Peer, whom);
        record.Write(RecordField.OldValue, before);
        record.Write(RecordField.NewValue, after);
        return record.Finish().ToArray();
    }

    // Names of callers and addresses stand in texts that were written for the log.
    private void Detail(ref EventRecord record, string text)
    {
        if (_redaction is null)
        {
            record.Write(RecordField.Detail, text);
        }
    }
}
