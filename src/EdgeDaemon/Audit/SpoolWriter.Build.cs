using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Records;

namespace EdgeDaemon.Audit;

/// <summary>What goes into one group.</summary>
internal sealed partial class SpoolWriter
{
    private void Build()
    {
        long now = FollowClock();
        if (!_isAhead)
        {
            _batch.Begin(_tip);
        }

        _isAhead = false;
        (_certificate, _note, _short) = (null, null, false);
        _droppedInBatch.Clear();
        if (_clockBack && TryAddEpoch(now))
        {
            return; // Nothing between the certificate and the new key's first checkpoint; a time before it belongs to the epoch that ends.
        }

        now = Math.Max(now, _batch.Tip.Time);
        if (!_ringLeft && _ring.PeekLength() is var next and > 0 && !_reserve.HasNext && _reserve.IsExhausted && !Fits(_batch, next, Limit))
        {
            BeFull();
        }

        bool opened = _checkpointNow && AddCheckpoint(now, default);
        AddOwn(now);
        AddRecords(_batch, now);
        if (!_short && _clock.Timestamp >= _epochDue && _gate.State.Condition != SpoolCondition.Full && TryAddEpoch(now))
        {
            return;
        }

        if (!(_short && _reserve.HasNext) && !opened && IsCheckpointDue())
        {
            if (_batch.Count == 0 && _tip.Checkpointed + 1 == _tip.Edge.Size)
            {
                AddOne(OwnRecord.Heartbeat(_clock.Since(_began)), now);
            }

            AddCheckpoint(now, default);
        }

        if (_short && _reserve.HasNext)
        {
            AddCheckpoint(now, default); // The segment's last frame.
            _usedUp = true;
        }
    }

    // While it is full the room that is left is for what must be said.
    private bool IsCheckpointDue()
    {
        bool anything = _batch.Size > _batch.Tip.Checkpointed + 1;
        return _gate.State.Condition == SpoolCondition.Full
            ? anything && (_batch.Count > 0 || _gate.IsStopping)
            : _clock.Timestamp >= _checkpointDue
                || _batch.Size - _batch.Tip.Checkpointed > (ulong)_settings.CheckpointRecords
                || (_gate.IsStopping && anything && (_ringLeft || _ring.PeekLength() == 0) && _own.Count == 0);
    }

    // False, and remembered, where the segment is too short for it: then it is the next one's. A group that is too short is only that.
    private bool Fits(FrameBatch batch, int record, long limit, int keep = 0)
    {
        bool fits = batch.Fits(record, limit, keep);
        _short |= !fits && !batch.Fits(record, limit, int.MinValue);
        return fits;
    }

    // On the side, while the group before this one is on its way to the disk: records alone. If that one fails, this one never was.
    private void BuildAhead()
    {
        _ahead.Begin(_batch.Tip);
        AddRecords(_ahead, Math.Max(_clock.Now, _ahead.Tip.Time));
        _ahead.Settle();
    }

    private void AddRecords(FrameBatch batch, long now)
    {
        for (int length; !_ringLeft && (length = _ring.PeekLength()) > 0;)
        {
            if (!Fits(batch, length, Limit, keep: Closing * 2))
            {
                return;
            }

            // Threads overtake each other between the clock and the ring: the log's time stands still for what they had in between.
            long time = Math.Clamp(_ring.PeekTime(), batch.Tip.Time, Math.Max(now, batch.Tip.Time));
            _ring.Take(batch.Room(length), (long)batch.Size);
            batch.Seal(length, time);
        }
    }

    private void AddOwn(long now)
    {
        NoteDrops(now);
        while (_own.TryPeek(out OwnRecord? record) && AddOne(record, now))
        {
            _ = _own.Dequeue();
        }

        _reserve.WriterIsMute = _own.TryPeek(out OwnRecord? left) && !_batch.Fits(left.Bytes.Length, OwnLimit, int.MinValue);
    }

    // First of the group. One a second would use up in minutes what is kept for a full log: each note doubles the time to the next, until an interval passes in which nothing is lost.
    private void NoteDrops(long now)
    {
        if (_clock.Timestamp < _dropNoteDue && !_gate.IsStopping)
        {
            return;
        }

        bool any = false;
        while (_drops.TryTakeUnnoted(out AuditCause cause, out long records))
        {
            if (!AddOne(OwnRecord.Dropped(cause, records), now))
            {
                _drops.PutBack(cause, records);
                break;
            }

            _droppedInBatch.Add((cause, records));
            any = true;
        }

        if (any)
        {
            _dropNoteDue = _clock.After(_clock.Timestamp, _dropNoteEvery);
            _dropNoteEvery = _dropNoteEvery * 2 < LastDropNote ? _dropNoteEvery * 2 : LastDropNote;
        }
        else if (_clock.Timestamp >= _clock.After(_dropNoteDue, _dropNoteEvery))
        {
            _dropNoteEvery = FirstDropNote;
        }
    }

    private bool AddOne(OwnRecord record, long now)
    {
        if (!Fits(_batch, record.Bytes.Length, OwnLimit, keep: Closing * 2))
        {
            return false;
        }

        _batch.Add(record.Bytes, Math.Max(now, _batch.Tip.Time));
        _inBatch.Add(record);
        return true;
    }

    private bool AddCheckpoint(long now, ReadOnlyMemory<byte> header)
    {
        _batch.Settle();
        LogTip tip = _batch.Tip;
        ulong size = tip.Edge.Size;
        long time = Math.Max(now, tip.Time);
        byte[] note = new Checkpoint
        {
            Origin = _origin,
            Size = size,
            Root = tip.Edge.Root(),
            Epoch = (ulong)_key.Epoch,
            Segment = tip.Segment,
            Offset = (ulong)tip.Offset,
            Time = time,
            Header = header,
        }.Sign(_key.Signer);
        if (!AddNote(RecordKind.Checkpoint, note, time))
        {
            return false;
        }

        tip.Checkpointed = size;
        _note = note;
        _noteTime = time;
        return true;
    }

    private bool TryAddEpoch(long now)
    {
        _batch.Settle();
        LogTip tip = _batch.Tip;
        long start = _clockBack ? now : Math.Max(now, tip.Time);
        if (!Fits(_batch, LongestNote, OwnLimit - Closing))
        {
            return false;
        }

        try
        {
            _disk.Begin();
            _nextKey ??= EpochKey.Make(_keys, _origin, _key.Epoch + 1);
        }
        catch (IOException failure)
        {
            // The old key goes on: nothing is lost but the promise that it is soon gone, and that is said.
            _own.Enqueue(OwnRecord.Failure("key_not_kept", failure.Message, tip.Segment, tip.Offset, (failure as Native.Posix.PosixException)?.Errno ?? 0));
            _epochDue = _clock.After(_clock.Timestamp, _settings.CheckpointInterval);
            _clockBack = false;
            return false;
        }
        finally
        {
            _disk.End();
        }

        byte[] certificate = new EpochCertificate
        {
            Origin = _origin,
            Epoch = (ulong)_nextKey.Epoch,
            Size = tip.Edge.Size,
            Root = tip.Edge.Root(),
            Closed = tip.Time,
            Start = start,
            Key = _nextKey.Signer.Spki,
        }.Sign(_key.Signer);
        _certificate = AddNote(RecordKind.Epoch, certificate, start) ? certificate : null;
        return _certificate is not null;
    }

    private bool AddNote(RecordKind kind, ReadOnlySpan<byte> note, long time)
    {
        Span<byte> record = stackalloc byte[LongestNote + 32];
        var writer = new RecordWriter(record, kind);
        writer.Text(RecordField.Note, note);
        int length = writer.Finish();
        if (!Fits(_batch, length, _usedUp || _segment is null ? _settings.SegmentBytes : _segment.Length))
        {
            return false;
        }

        _batch.Add(record[..length], time);
        return true;
    }

    // What the wall clock says, or, set back a little, what the log says already.
    private long FollowClock()
    {
        long now = _clock.Now;
        if (_clock.WasSet(now, out long expected))
        {
            _own.Enqueue(OwnRecord.ClockChange(expected, now));
        }

        _clockBack = now < _tip.Time - SpoolClock.Tolerance;
        return now;
    }
}
