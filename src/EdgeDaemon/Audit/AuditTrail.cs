using System.Diagnostics;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;
using EdgeDaemon.Identity;
using EdgeDaemon.Listeners;
using EdgeDaemon.Monitoring;

namespace EdgeDaemon.Audit;

/// <summary>
/// What every stage tells of what it has decided, and where that goes: composed as a record and handed to the spool. The last stage of the request's line. With
/// <c>[audit] enabled = false</c> it does nothing. The law is README.md.
/// </summary>
internal sealed partial class AuditTrail : IDisposable
{
    private static readonly Task Never = new TaskCompletionSource().Task;

    private readonly AuditSpool? _spool;
    private readonly Redaction? _redaction;
    private readonly TensorHasher? _hasher;
    private readonly bool _strict;
    private readonly SpoolLock? _held;

    private AuditTrail()
    {
    }

    /// <param name="settings">Enabled.</param>
    /// <param name="spool">Open; ends with this.</param>
    /// <param name="redaction">Null: identifying texts stand as they are.</param>
    /// <param name="hasher">How tensors stand in records; ends with this.</param>
    /// <param name="held">Ends last; null: nobody else can come.</param>
    public AuditTrail(AuditSettings settings, AuditSpool spool, Redaction? redaction, TensorHasher hasher, SpoolLock? held = null)
    {
        _held = held;
        Settings = settings;
        _spool = spool;
        _redaction = redaction;
        _hasher = hasher;
        _strict = settings.Strict;
    }

    /// <summary>Nothing is recorded.</summary>
    public static AuditTrail Off { get; } = new();

    /// <summary>Null: nothing is recorded.</summary>
    public AuditSettings? Settings { get; }

    public AuditSpool? Spool => _spool;

    /// <summary>Whether requests may go on; not while the log cannot take what is decided and the policy is to refuse.</summary>
    public bool Accepts => _spool is null || _spool.State.Accepts;

    /// <summary>Ends when <see cref="Accepts"/> changes; to be taken before looking at that.</summary>
    public Task Turned => _spool?.Turned ?? Never;

    /// <summary>Before any work is done for a request.</summary>
    /// <exception cref="RefusedException"><see cref="Refusal.AuditUnavailable"/>: what would be decided could not be recorded.</exception>
    public void RequireOpen()
    {
        if (_spool is { State: { Accepts: false } state })
        {
            throw new RefusedException(Refusal.AuditUnavailable, $"audit log: {state.Condition}: {state.Reason}");
        }
    }

    /// <summary>Whether a model's answers wait for the disk, whoever asks.</summary>
    public bool IsStrict(string model) => Settings?.StrictModels.Any(pattern => Core.Bundles.NamePattern.Matches(pattern, model)) ?? false;

    /// <summary>What of the answer the record tells; while its lane holds it.</summary>
    /// <param name="outputs">How many the contract has.</param>
    public void Take(RequestDraft draft, in RunAnswer answer, int outputs)
    {
        if (_spool is null)
        {
            return;
        }

        draft.Take(answer);
        _hasher!.Digest(answer, outputs, draft.Output);
        for (int i = 0; i < outputs; i++)
        {
            draft.OutputBytes += answer.OutputData(i).Length;
        }
    }

    /// <summary>The inputs' digest; before their memory goes back.</summary>
    public void Take(RequestDraft draft, ReadOnlySpan<EngineInput> inputs)
    {
        if (_spool is not null && !draft.IsRecorded && _hasher!.Inputs != AuditDigest.None)
        {
            _hasher.Digest(inputs, draft.Input);
        }
    }

    /// <summary>
    /// Records an answered inference. Done at once, unless the answer is to wait for the disk, or the log for room: no lane may be held. An answer may leave only
    /// with a place that permits it.
    /// </summary>
    /// <param name="exchange">With its draft.</param>
    /// <param name="times">Of its line.</param>
    /// <param name="ended">When the answer was encoded.</param>
    public ValueTask<AuditPlace> AnswerAsync(HttpExchange exchange, in RequestTimes times, long ended)
    {
        RequestDraft draft = exchange.Draft;
        draft.IsReceiptGiven = false;
        if (_spool is null || draft.IsRecorded)
        {
            return new ValueTask<AuditPlace>(AuditPlace.At(-1));
        }

        bool strict = IsStrict(exchange.Tenant, draft.Model);
        ReadOnlyMemory<byte> record = Compose(exchange, times, ended, strict);
        ValueTask<AuditPlace> place = _spool.AppendAsync(draft.Waiter, record, strict, deadline: exchange.BodyClock.Deadline);
        if (place.IsCompleted)
        {
            draft.GiveBack();
        }

        return place;
    }

    /// <summary>Whether the request has <c>audit</c> = true.</summary>
    /// <exception cref="RefusedException">It is neither true nor false, or nothing is recorded here.</exception>
    public bool IsReceiptWanted(InferRequest request)
    {
        if (request.Parameters.IsEmpty || !request.TryGetParameter("audit"u8, out InferParameter parameter))
        {
            return false;
        }

        return parameter.Kind != InferParameterKind.Boolean ? throw new RefusedException(Refusal.HeadParameterUnsupported, "the parameter audit is neither true nor false")
            : parameter.Boolean && _spool is null ? throw new RefusedException(Refusal.HeadParameterUnsupported, "the parameter audit asks for a record, and audit.enabled is false")
            : parameter.Boolean;
    }

    /// <summary>
    /// Records an answered inference before its answer is written, which then says where: what a caller that asked for a receipt gets. It waits for the disk with its lane held,
    /// for nobody knows a record's number before. An answer that cannot be written after all leaves a second record, of the refusal.
    /// </summary>
    /// <exception cref="RefusedException">It could not be recorded, and no answer may leave without.</exception>
    public async ValueTask<AuditReceipt> ReceiptAsync(HttpExchange exchange, RequestTimes times)
    {
        AuditPlace place = await _spool!.AppendAsync(exchange.Draft.Waiter, Compose(exchange, times, Stopwatch.GetTimestamp(), strict: true), strict: true, deadline: exchange.BodyClock.Deadline);
        exchange.Draft.GiveBack();
        exchange.Draft.IsReceiptGiven = place.Permits;
        return place.Permits ? new AuditReceipt(place.Sequence, _spool.LastCheckpoint) : throw Unrecorded(place);
    }

    /// <summary>An answer was not recorded, and must not leave.</summary>
    public static RefusedException Unrecorded(in AuditPlace place) => place.Cause == AuditCause.Late
        ? new(Refusal.AdmissionDeadline, "the request's time was over before its record was known to be in the audit log")
        : new(Refusal.AuditUnavailable, $"its record is not in the audit log: {place.Cause}");

    /// <summary>Records that a request got no answer: once for each, and not what anybody may ask.</summary>
    /// <param name="exchange">With its draft.</param>
    /// <param name="refusal">None: its caller went away.</param>
    /// <param name="outcome">As metrics count it.</param>
    /// <param name="status">HTTP's; 0: none was sent.</param>
    /// <param name="detail">For the operator.</param>
    public void Refuse(HttpExchange exchange, Refusal refusal, Outcome outcome, int status, string detail)
    {
        RequestDraft draft = exchange.Draft;
        if (_spool is null || exchange.IsProbe || (draft.IsRecorded && !draft.IsReceiptGiven))
        {
            return;
        }

        draft.IsReceiptGiven = false;
        draft.IsRecorded = true;
        int length = RequestRecord.Refused(draft.Room(RequestRecord.MostBytes), _redaction, exchange, refusal, outcome, status, detail, Stopwatch.GetTimestamp());
        _spool.Append(draft.Room(length).AsSpan(0, length));
        draft.GiveBack();
    }

    public void Dispose()
    {
        _spool?.Dispose();
        _hasher?.Dispose();
        if (_spool is null or { HasEnded: true })
        {
            _held?.Dispose(); // Else a thread that the disk has kept still writes: the lock ends with the process.
        }
    }

    // As AuditSettings.IsStrict, with the patterns looked at once for each release.
    private bool IsStrict(Tenant? tenant, AuditedModel? model) => model is { Strict: true } || tenant?.Settings.Audit switch
    {
        AuditDurability.Strict => true,
        AuditDurability.Batched => false,
        _ => _strict,
    };

    private ReadOnlyMemory<byte> Compose(HttpExchange exchange, in RequestTimes times, long ended, bool strict)
    {
        RequestDraft draft = exchange.Draft;
        draft.IsRecorded = true;
        byte[] room = draft.Room(RequestRecord.MostBytes);
        return room.AsMemory(0, RequestRecord.Answered(room, _redaction, exchange, times, ended, strict));
    }
}
