using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Audit.Tree;

namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>What a verification knows on its way: tree, epoch, time. Each rule of README.md about a segment or a frame is one check here.</summary>
internal sealed partial class VerificationState(SpoolVerdict verdict, NoteVerifier first, EpochChain? chain, bool whole, KeptCheckpoint? kept, FrameHashing hashing)
{
    private const string Forged = "somebody changed the log: keep a copy, and compare it with an export or a checkpoint kept elsewhere";
    private const string Misplaced = "put the segments in the order of their numbers, all of one log";

    private readonly RecordCheck _records = new();
    private readonly EpochKeys _keys = new(first, chain);
    private ulong _segment;
    private bool _opening;
    private long _epochStart;
    private ulong _sealedTo;
    private RecordKind _lastKind;
    private bool _any;
    private SegmentHeader? _beginning;
    private ulong _firstEpoch;
    private long _firstEpochStart;

    public SpoolVerdict Verdict => verdict;

    public ulong Size => Edge.Size;

    private TreeEdge Edge => hashing.Edge;

    /// <summary>A segment begins: its header must go on where the log is.</summary>
    public void Begin(SegmentWalk walk)
    {
        SegmentHeader header = walk.Header;
        if (header.Origin != first.Name)
        {
            throw BrokenHeader(walk, SpoolFaultKind.Origin, $"the segment is of {header.Origin}, and the key of {first.Name}", Misplaced);
        }

        if (verdict.Segments == 0)
        {
            BeginLog(walk);
        }
        else if (!IsNumberedNext(header))
        {
            throw BrokenHeader(walk, SpoolFaultKind.SegmentNumber, $"this is segment {header.Segment}, and {_segment + 1} is next", Misplaced);
        }
        else if (!HasThisTree(header))
        {
            throw BrokenHeader(walk, SpoolFaultKind.PreviousRoot, $"the segment begins behind {header.FirstSequence} records with another root than the {Edge.Size} that are there have", Forged);
        }

        hashing.Begin(walk);
        _segment = header.Segment;
        _opening = true;
        verdict.Segments++;
    }

    /// <summary>The walk's present frame, whose checksum, sequence and padding hold.</summary>
    /// <param name="walk">Of the segment that was begun.</param>
    /// <param name="readsRecords">Also read its record to the end.</param>
    public void Add(SegmentWalk walk, bool readsRecords)
    {
        ReadOnlySpan<byte> frame = walk.Frame;
        ReadOnlySpan<byte> record = Frame.Record(frame);
        RecordKind kind = RecordReader.KindOf(record);
        long time = Frame.Time(frame);
        if (_opening && kind != RecordKind.Checkpoint)
        {
            throw Broken(walk, SpoolFaultKind.Opening, "the segment's first record is no checkpoint", Forged);
        }

        try
        {
            CheckRecord(walk, kind, record, time, readsRecords);
        }
        catch (AuditFormatException broken)
        {
            SpoolFaultKind fault = kind is RecordKind.Checkpoint or RecordKind.Epoch ? SpoolFaultKind.Note : SpoolFaultKind.Record;
            throw Broken(walk, fault, broken.Message, Forged);
        }

        if (!_any)
        {
            verdict.FirstTime = time;
            _any = true;
        }

        verdict.LastTime = time;
        verdict.CountRecord(kind);
        _opening = false;
        if (kind != RecordKind.Checkpoint)
        {
            _lastKind = kind;
        }

        hashing.Add();
    }

    /// <summary>
    /// Takes what was found of all segments before this state's own into its verdict, if the log was then where this one supposed that it is: tree, number, epoch, time. Both were described.
    /// </summary>
    /// <returns>False where this one supposed something else: then nothing that it found counts.</returns>
    public bool TryJoin(VerificationState before)
    {
        bool goesOn = _beginning is { } beginning && before.IsNumberedNext(beginning) && before.HasThisTree(beginning)
            && verdict.Checkpoints > 0 && _firstEpoch == before.Verdict.Epoch && _firstEpochStart == before._epochStart
            && verdict.FirstTime >= before.Verdict.LastTime;
        if (goesOn)
        {
            verdict.TakeBefore(before.Verdict);
        }

        return goesOn;
    }

    /// <summary>The last segment has ended.</summary>
    public void Finish()
    {
        if (verdict.LastCheckpoint is null)
        {
            throw new SpoolFaultException(new SpoolFault(SpoolFaultKind.Opening, "", 0, Edge.Size, "the log has no checkpoint: nothing in it is signed", Forged));
        }

        if (chain is not null && chain.Last > verdict.Epoch)
        {
            throw new SpoolFaultException(new SpoolFault(
                SpoolFaultKind.CutOff, "", 0, Edge.Size, $"the log ends in epoch {verdict.Epoch}, and {chain.Last} epochs were certified", "records were cut off, or the log's last segments are missing"));
        }

        kept?.Meet(Edge);
        kept?.Finish(Edge.Size);
        verdict.ConsistentSince = kept?.Size;
    }

    /// <summary>Writes down what is known, sound or not.</summary>
    public void Describe()
    {
        hashing.End();
        verdict.Size = Edge.Size;
        verdict.Root = Edge.Root();
        verdict.Unsealed = Edge.Size - _sealedTo;
        verdict.EndsInOrder = _lastKind == RecordKind.Stop;
    }

    private bool IsNumberedNext(SegmentHeader header) => header.Segment == _segment + 1;

    private bool HasThisTree(SegmentHeader header) => header.FirstSequence == Edge.Size && header.Edge.Hashes.SequenceEqual(Edge.Hashes);

    private void BeginLog(SegmentWalk walk)
    {
        SegmentHeader header = walk.Header;
        if (whole && (header.Segment != 0 || header.FirstSequence != 0))
        {
            throw BrokenHeader(walk, SpoolFaultKind.Beginning, $"the log begins with segment {header.Segment} at sequence {header.FirstSequence}", "give the segments before it, or, where retention has removed them, the file of certificates");
        }

        if (header.Segment == 0 != (header.FirstSequence == 0) || header.Segment == 0 != (header.Reason == SegmentReason.First))
        {
            throw BrokenHeader(walk, SpoolFaultKind.SegmentNumber, $"segment {header.Segment} cannot begin at sequence {header.FirstSequence} for that reason", Forged);
        }

        // Not believed yet: the first frame must be a checkpoint of exactly this tree, by the key of its epoch.
        Edge.CopyFrom(header.Edge);
        _beginning = header;
        verdict.FirstSegment = header.Segment;
        verdict.FirstSequence = header.FirstSequence;
        _sealedTo = header.FirstSequence;
        kept?.Begin(Edge, first.Name, _keys.Find);
    }

    private void CheckRecord(SegmentWalk walk, RecordKind kind, ReadOnlySpan<byte> record, long time, bool readsRecords)
    {
        switch (kind)
        {
            case RecordKind.Checkpoint:
                hashing.Flush();
                CheckCheckpoint(walk, SignedNote.Parse(NoteOf(record)), time);
                break;
            case RecordKind.Epoch:
                hashing.Flush();
                CheckEpoch(walk, SignedNote.Parse(NoteOf(record)), time);
                break;
            default:
                RequireTime(walk, time);
                if (readsRecords)
                {
                    _records.Check(record);
                }

                break;
        }
    }

    // A key that is too new for an old record, or a record too old for its epoch, is how a past would be written anew (CVE-2023-31439).
    private void RequireTime(SegmentWalk walk, long time)
    {
        if (time < _epochStart || time < verdict.LastTime)
        {
            throw Broken(walk, SpoolFaultKind.Time, $"a frame's time is {AuditTime.Text(time)}, before {AuditTime.Text(Math.Max(_epochStart, verdict.LastTime))}, though its epoch {verdict.Epoch} goes forward only", Forged);
        }
    }

    private static SpoolFaultException Broken(SegmentWalk walk, SpoolFaultKind kind, string what, string remedy) =>
        new(new SpoolFault(kind, walk.Name, walk.Offset, walk.Sequence, what, remedy));

    private SpoolFaultException BrokenHeader(SegmentWalk walk, SpoolFaultKind kind, string what, string remedy) =>
        new(new SpoolFault(kind, walk.Name, 0, verdict.Segments == 0 ? walk.Header.FirstSequence : Edge.Size, what, remedy));
}
