using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Core.Configuration;

namespace EdgeDaemon.Audit;

/// <summary>
/// The thread that writes the log. A turn: frames of what has come are built behind the end that is on the disk, written, synced; only then that end moves, and who
/// waited is told. A turn that fails has changed nothing but files: it is built again in another segment.
/// </summary>
internal sealed partial class SpoolWriter : IDisposable
{
    /// <summary>Kept at each segment's end until the next one is there: what the log has to say about being full must find room.</summary>
    public const int Emergency = 64 << 10;

    // A checkpoint has some 500 bytes; the longest origin twice, and the longest numbers.
    private const int LongestNote = 1400;
    private const int Closing = LongestNote + 64;
    private const int LastWords = 1024; // Of what is lost at the end, by cause.
    private const int MostAttempts = 3;
    private static readonly TimeSpan FirstDropNote = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastDropNote = TimeSpan.FromDays(1);

    private readonly ISpoolFiles _files;
    private readonly AuditSettings _settings;
    private readonly AuditKeyStore _keys;
    private readonly SegmentReserve _reserve;
    private readonly EpochLedger _ledger;
    private readonly RecordRing _ring;
    private readonly SpoolGate _gate;
    private readonly DropCounts _drops;
    private readonly DiskWatch _disk;
    private readonly AlarmBell _bell;
    private readonly SpoolClock _clock;
    private readonly string _origin;

    private readonly LogTip _tip; // What is on the disk.
    private readonly SideThread _side;
    private readonly List<OwnRecord> _inBatch = [];
    private readonly Queue<OwnRecord> _own = new();
    private readonly Queue<long> _unerased = new(); // Epochs that have ended, whose keys are still there.
    private readonly WaiterQueue _strict = new();
    private readonly WaiterQueue _roomless = new();
    private readonly long _began;
    private FrameBatch _batch = new();
    private FrameBatch _ahead = new(); // Built while the other is synced.
    private bool _isAhead; // The group holds records already.
    private EpochKey _key;
    private EpochKey? _nextKey;
    private byte[]? _certificate; // Of _nextKey, in the group that is built.
    private byte[]? _note; // Of the checkpoint in the group that is built.
    private long _noteTime;
    private ISpoolFile? _segment;
    private ulong _segmentFirst;
    private SegmentReason _reason;
    private bool _usedUp; // The segment takes no further frame.
    private bool _checkpointNow;
    private int _attempts;
    private long _checkpointDue;
    private long _epochDue;
    private long _dropNoteDue;
    private long _pendingSince; // 0: nothing waits.
    private readonly List<(AuditCause Cause, long Records)> _droppedInBatch = [];
    private TimeSpan _dropNoteEvery = FirstDropNote;
    private bool _ringLeft; // What is in the ring will not be written any more.
    private long _fileMissed; // Since when there is no file to go on in; 0: there is one.
    private bool _clockBack;
    private bool _short; // Something did not fit into the segment.

    public SpoolWriter(ISpoolFiles files, AuditSettings settings, AuditKeyStore keys, OpenedLog log, SegmentReserve reserve, RecordRing ring, SpoolGate gate, DropCounts drops, DiskWatch disk, AlarmBell bell, SpoolClock clock)
    {
        (_files, _settings, _keys, _reserve, _ring, _gate, _drops, _disk, _bell, _clock) = (files, settings, keys, reserve, ring, gate, drops, disk, bell, clock);
        (_origin, _tip, _key, _ledger, _segment, _segmentFirst, _reason) = (log.Origin, log.Tip, log.Key, log.Ledger, log.Segment, log.SegmentFirst, log.Reason);
        _side = new SideThread(BuildAhead);
        _began = clock.Timestamp;
        _checkpointDue = _began;
        _epochDue = clock.After(_began, settings.Epoch - TimeSpan.FromMicroseconds(Math.Clamp(clock.Now - log.EpochStart, 0, (long)settings.Epoch.TotalMicroseconds)));
        _checkpointNow = true;
        foreach (OwnRecord record in log.Notes)
        {
            _own.Enqueue(record);
        }
    }

    /// <summary>One turn. False: there was nothing to do, or nothing can be done now.</summary>
    public bool Turn()
    {
        if (_gate.State.Condition == SpoolCondition.Failed)
        {
            TurnAway(AuditCause.Failed);
            return false;
        }

        FollowSpace();
        Collect();
        _checkpointNow |= IsToMove;
        if (_gate.State.Condition == SpoolCondition.Full)
        {
            TurnAway(AuditCause.Full);
        }

        if (!HaveSegment())
        {
            MissFile();
            return false;
        }

        Build();
        _batch.Settle();
        if (_short && !_reserve.HasNext)
        {
            MissFile();
        }
        else
        {
            _fileMissed = 0;
        }

        return _batch.Count > 0 ? Commit() : _usedUp;
    }

    public void Dispose()
    {
        _side.Dispose();
        _segment?.Dispose();
        _key.Dispose();
        _nextKey?.Dispose();
    }

    /// <summary>When a turn is due although nobody asks for one.</summary>
    public long NextDue()
    {
        long due = Math.Min(_checkpointDue, _epochDue);
        return _pendingSince == 0 ? due : Math.Min(due, _clock.After(_pendingSince, _settings.Window));
    }

    /// <summary>Whether what waits is to be written now: somebody waits for it, or it is enough, or it has waited long enough.</summary>
    public bool IsDue()
    {
        if (_ring.Count == 0)
        {
            _pendingSince = 0;
        }
        else if (_pendingSince == 0)
        {
            _pendingSince = Math.Max(1, _clock.Timestamp);
        }

        return _isAhead || IsToMove || _gate.StrictWaits || _strict.First is not null || _roomless.First is not null || _own.Count > 0 || _gate.HasOwn || _gate.IsStopping
            || (_pendingSince != 0 && (_gate.IsMuch || _clock.Timestamp >= _clock.After(_pendingSince, _settings.Window)))
            || _clock.Timestamp >= Math.Min(_checkpointDue, _epochDue);
    }

    /// <summary>Whether what comes cannot be written: there is no file for it, or no log any more. A turn that merely found nothing is another matter.</summary>
    public bool IsBlocked => _gate.State.Condition == SpoolCondition.Failed || IsFull;

    /// <summary>Whether somebody waits whom this thread knows of.</summary>
    public bool HasWaiters => _strict.First is not null || _roomless.First is not null;

    /// <summary>Whether nothing goes on before there is another file.</summary>
    public bool NeedsFile => IsFull && !_reserve.IsExhausted && _gate.State.Condition != SpoolCondition.Failed;

    // What comes next has no room in the present segment, and there is no other yet: it is laid out, or there will be none.
    private bool IsFull => (_segment is null || _usedUp || _short) && !_reserve.HasNext;

    // A call that was no group's hung, and has ended: only a group that reaches the disk shows that it is well.
    private bool IsToMove => _fileMissed == 0 && _gate.State.Condition == SpoolCondition.Stalled;

    private long Limit => _segment!.Length - (_reserve.HasNext ? Closing : _gate.IsStopping ? Closing + LastWords : Emergency);

    // What the log says about itself: into what is kept for it.
    private long OwnLimit => _segment!.Length - Closing;

    private void Collect()
    {
        _strict.Append(_gate.Strict.TakeAll());
        _roomless.Append(_gate.Roomless.TakeAll());
        while (_gate.TryTakeOwn(out OwnRecord? record))
        {
            _own.Enqueue(record);
        }

        LetIn();
    }

    // Those who found no room, in their order, as far as there is some now.
    private void LetIn()
    {
        while (_roomless.First is { } waiter)
        {
            bool strict = waiter.Strict;
            if (_ring.TryAppend(waiter.Record.Span, _clock.Now, strict ? int.MaxValue : _settings.WindowRecords, strict ? waiter : null, null) != RecordRing.Attempt.Taken)
            {
                return;
            }

            _ = _roomless.Dequeue();
            if (strict)
            {
                _strict.Append(waiter);
            }
            else
            {
                waiter.Complete(new AuditPlace(-1, AuditVerdict.Taken, AuditCause.None));
            }
        }
    }

    private bool HaveSegment()
    {
        if (_segment is not null && !_usedUp)
        {
            return true;
        }

        while (_reserve.TryTake() is { } file)
        {
            if (TryBegin(file))
            {
                return true;
            }

            if (_attempts >= MostAttempts)
            {
                return false; // Failed: said by whoever counted.
            }
        }

        _reserve.WriterIsMute = true;
        if (_reserve.IsExhausted)
        {
            BeFull();
        }

        return false;
    }

    private bool TryBegin(ISpoolFile file)
    {
        long now = Math.Max(_clock.Now, _tip.Time);
        _batch.Begin(_tip);
        ulong number = _segment is null && _reason == SegmentReason.First ? 0 : _tip.Segment + 1;
        var header = new SegmentHeader { Origin = _origin, Segment = number, Reason = _reason, Time = now, Edge = _batch.Tip.Edge };
        Span<byte> bytes = stackalloc byte[SegmentHeader.Length];
        header.Write(bytes);
        _batch.Tip.Segment = number;
        _batch.Tip.Offset = SegmentHeader.Length;
        _batch.Tip.Checksum = SegmentHeader.ChecksumOf(bytes);
        AddCheckpoint(now, SegmentHeader.Digest(bytes));
        _batch.Settle();
        try
        {
            _disk.Begin();
            file.WriteAt(bytes, 0);
            file.WriteAt(_batch.Bytes, SegmentHeader.Length);
            file.Sync();
            _files.Rename(SpoolLayout.Next, SpoolLayout.SegmentName(number));
            _gate.Counts.Sync(_disk.End(), done: true);
        }
        catch (IOException failure)
        {
            _disk.End();
            file.Dispose();
            _reserve.MakeNext();
            GiveUp(failure, number, 0);
            return false;
        }

        if (_segment is { } before)
        {
            _reserve.Seal(new SealedSegment(_tip.Segment, _segmentFirst, _tip.Edge.Size, _tip.Time, before.Length));
            before.Dispose();
        }

        _reserve.WriterHasNone = _reserve.WriterIsMute = false;
        _reserve.MakeNext();
        (_segment, _segmentFirst, _usedUp, _reason, _fileMissed) = (file, _tip.Edge.Size, false, SegmentReason.Rotated, 0);
        Accept(_ring.Mark());
        return true;
    }
}
