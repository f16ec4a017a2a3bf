using System.Buffers;
using System.Runtime.InteropServices;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Engine;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Audit;

/// <summary>
/// What is known of one request for its record, gathered along its line. Kept with its exchange and used again, so that a record allocates nothing. It outlives
/// the request's memory: a refusal is recorded after all of that has gone back.
/// </summary>
internal sealed class RequestDraft
{
    /// <summary>Longest name of a model, and with it a version.</summary>
    private const int NameRoom = 256;

    private char[]? _asked;
    private int _nameLength;
    private int _versionLength;
    private byte[]? _record;
    private AuditWaiter? _waiter;
    private KnownCaller? _known;

    /// <summary>How it came; stays from message to message of a stream.</summary>
    public RequestWire Wire { get; set; }

    /// <summary>Its record was handed over, whatever became of it: there is one for each request, and no second.</summary>
    public bool IsRecorded { get; set; }

    /// <summary>It was recorded as answered, and the answer is not written yet.</summary>
    public bool IsReceiptGiven { get; set; }

    /// <summary>In <see cref="System.Diagnostics.Stopwatch"/>'s ticks; 0 for what asks no model.</summary>
    public long Begun { get; set; }

    /// <summary>The release that was asked; null until it is found and may be asked.</summary>
    public AuditedModel? Model { get; set; }

    /// <summary>The model's name as the request gave it.</summary>
    public ReadOnlySpan<char> AskedName => _asked.AsSpan(0, _nameLength);

    public ReadOnlySpan<char> AskedVersion => _asked.AsSpan(_nameLength, _versionLength);

    /// <summary>Of the tensors, as they came.</summary>
    public long InputBytes { get; set; }

    /// <summary>Of the tensors, as the model gave them.</summary>
    public long OutputBytes { get; set; }

    public int Rows { get; set; }

    public TensorDigest Input { get; } = new();

    public TensorDigest Output { get; } = new();

    /// <summary>Null before the first answer that has classes.</summary>
    public VoteDraft? Votes { get; private set; }

    /// <summary>Null for an answer that certifies nothing.</summary>
    public CertificateDraft? Certified { get; set; }

    /// <summary>Stays from request to request.</summary>
    public KnownCaller Known => _known ??= new KnownCaller();

    /// <summary>Whoever waits for the record's place.</summary>
    public AuditWaiter Waiter => _waiter ??= new AuditWaiter();

    /// <summary>A request of a model begins.</summary>
    /// <param name="begun">In <see cref="System.Diagnostics.Stopwatch"/>'s ticks.</param>
    public void Begin(long begun = 0)
    {
        GiveBack();
        IsRecorded = IsReceiptGiven = false;
        Begun = begun;
        Model = null;
        _nameLength = _versionLength = 0;
        InputBytes = OutputBytes = 0;
        Rows = 0;
        Input.Clear();
        Output.Clear();
        Votes?.Clear();
        if (Certified is { } certified)
        {
            Clearing.Zero(certified.Seed.Span);
            Certified = null;
        }
    }

    /// <summary>Nothing of it stays.</summary>
    public void Reset()
    {
        Begin();
        Wire = RequestWire.Rest;
    }

    /// <summary>Keeps what was asked for; longer than any name can be, it is cut.</summary>
    public void Ask(ReadOnlySpan<char> name, ReadOnlySpan<char> version)
    {
        _asked ??= new char[NameRoom];
        _nameLength = Math.Min(name.Length, NameRoom);
        name[.._nameLength].CopyTo(_asked);
        _versionLength = Math.Min(version.Length, NameRoom - _nameLength);
        version[.._versionLength].CopyTo(_asked.AsSpan(_nameLength));
    }

    /// <summary>What of the answer a record tells beside its digest; while the lane holds it.</summary>
    public void Take(in RunAnswer answer)
    {
        Rows = answer.Rows;
        if (answer.Ensemble is { } run)
        {
            int rows = run.Count.Result.Rows;
            int each = answer.RunRows == 0 ? 0 : rows / answer.RunRows; // Of the output's rows, for one of the first dimension.
            (Votes ??= new VoteDraft()).Take(run, answer.IsPart ? answer.FirstRow * each : 0, answer.IsPart ? answer.Rows * each : rows);
        }
        else if (Model is { Classifies: >= 0 and var index } && answer.OutputType(index) == ElementType.Float32)
        {
            TensorShape shape = answer.OutputShape(index);
            Choose(MemoryMarshal.Cast<byte, float>(answer.OutputData(index)), shape.Rank == 0 ? 0 : (int)shape.Span[^1]);
        }
    }

    /// <summary>The classes that rows of an output stand for.</summary>
    public void Choose(ReadOnlySpan<float> values, int classes) => (Votes ??= new VoteDraft()).Take(values, classes);

    /// <summary>Room for the record, until the draft begins anew.</summary>
    public byte[] Room(int bytes) => _record ??= ArrayPool<byte>.Shared.Rent(bytes);

    /// <summary>The record is nobody's any more.</summary>
    public void GiveBack()
    {
        if (_record is { } record)
        {
            _record = null;
            if (Certified is { Seed.IsEmpty: false })
            {
                Clearing.Zero(record); // The log has the seed, for auditors. Whoever has this array next is another.
            }

            ArrayPool<byte>.Shared.Return(record);
        }
    }
}
