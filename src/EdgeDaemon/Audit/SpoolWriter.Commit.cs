using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Audit;

/// <summary>What comes after: the disk, and who is told of it.</summary>
internal sealed partial class SpoolWriter
{
    private bool Commit()
    {
        // While the disk works, the next group's frames and hashes: only where there are more records than this group could hold.
        long mark = _ring.Mark();
        bool ahead = _batch.IsLarge && !_usedUp && _certificate is null && _ring.PeekLength() > 0;
        if (ahead)
        {
            _side.Begin();
        }

        IOException? failure = Bring();
        if (ahead)
        {
            _side.Join();
        }

        if (failure is not null)
        {
            Abandon(failure);
            return true;
        }

        _attempts = 0;
        Accept(mark);
        if (_certificate is not null)
        {
            CloseEpoch(_certificate);
        }

        if (ahead)
        {
            (_batch, _ahead, _isAhead) = (_ahead, _batch, true);
        }

        return true;
    }

    private IOException? Bring()
    {
        try
        {
            _disk.Begin();
            _segment!.WriteAt(_batch.Bytes, _tip.Offset);
            _segment.Sync();
            _gate.Counts.Sync(_disk.End(), done: true);
            return null;
        }
        catch (IOException failure)
        {
            _gate.Counts.Sync(_disk.End(), done: false);
            return failure;
        }
    }

    // The group is on the disk: from here on it is the log.
    private void Accept(long mark)
    {
        long records = _batch.Count;
        _tip.CopyFrom(_batch.Tip);
        _gate.Counts.Group(records, _batch.Length, _tip); // Before anybody is told: who was, finds himself counted.
        AnswerStrict(mark);
        _ring.Free(mark);
        _pendingSince = 0;
        _gate.Late = false;
        if (_fileMissed == 0 && _gate.State is { Condition: SpoolCondition.Stalled, Since: var since })
        {
            Move(since);
        }

        foreach (OwnRecord record in _inBatch)
        {
            record.Finish(durable: true);
        }

        _inBatch.Clear();
        if (_note is { } note)
        {
            _checkpointNow = false;
            _checkpointDue = _clock.After(_clock.Timestamp, _settings.CheckpointInterval);
            _note = null;
            if (_ledger.IsBehind)
            {
                Settle(_ledger.Save, "certificate_not_kept");
            }

            EraseKeys();
            _gate.CheckpointIs(new CheckpointMade((long)_tip.Checkpointed, Checkpoint.Of(SignedNote.Parse(note)).Root, _key.Epoch, Encoding.UTF8.GetString(note), AuditTime.Read(_noteTime)));
        }

        if (_roomless.First is not null)
        {
            LetIn();
        }
    }

    // Once more whoever has come: a record is in the ring only after its waiter is on the stack, so none of this group's is missing now.
    private void AnswerStrict(long mark)
    {
        _strict.Append(_gate.Strict.TakeAll());
        AuditWaiter? waiter = _strict.TakeAll();
        while (waiter is not null)
        {
            AuditWaiter? next = waiter.Next;
            waiter.Next = null;
            if (_ring.TryGetSequence(waiter.Position, mark, out long sequence))
            {
                waiter.Complete(AuditPlace.At(sequence));
            }
            else
            {
                _strict.Append(waiter);
            }

            waiter = next;
        }
    }

    private void CloseEpoch(byte[] certificate)
    {
        long closed = _key.Epoch;
        _key.Dispose();
        (_key, _nextKey, _certificate) = (_nextKey!, null, null);
        _clockBack = false;
        _checkpointNow = true;
        _epochDue = _clock.After(_clock.Timestamp, _settings.Epoch);
        _gate.Counts.EpochIs(_key.Epoch);
        _unerased.Enqueue(closed);
        Settle(() => _ledger.Add(certificate), "certificate_not_kept");
        EraseKeys();
    }

    private void EraseKeys()
    {
        while (_unerased.TryPeek(out long epoch) && Settle(() => _keys.Erase(epoch), "key_not_erased"))
        {
            _ = _unerased.Dequeue();
        }
    }

    // What goes with an epoch's end and is not the log itself: said when it fails, and tried again at the next checkpoint. The next start does both, too.
    private bool Settle(Action what, string cause)
    {
        try
        {
            _disk.Begin();
            what();
            return true;
        }
        catch (IOException failure)
        {
            _own.Enqueue(OwnRecord.Failure(cause, failure.Message, _tip.Segment, _tip.Offset, (failure as PosixException)?.Errno ?? 0));
            return false;
        }
        finally
        {
            _disk.End();
        }
    }

    // The disk has answered after all.
    private void Move(DateTimeOffset since)
    {
        TimeSpan gone = AuditTime.Read(_clock.Now) - since;
        string text = string.Create(CultureInfo.InvariantCulture, $"{_files.Folder}: its disk did not answer for {(gone + _settings.StallAfter).TotalSeconds:0.#} s, and does again: look at it (dmesg)");
        _own.Enqueue(OwnRecord.Failure("stalled", text, _tip.Segment, _tip.Offset, 0));
        _dropNoteDue = 0;
        _gate.Be(SpoolCondition.Running, _settings.OnError, "");
        _bell.Raise(new AuditAlarm(AuditAlarmKind.DiskStalled, text));
    }

    // Nobody knows what of the group is on the disk, and asking again could be answered with a lie: the segment ends where it was sure.
    private void Abandon(IOException failure)
    {
        ISpoolFile given = _segment!;
        ulong number = _tip.Segment;
        _reserve.WriterHasNone = true;
        _reserve.Seal(new SealedSegment(number, _segmentFirst, _tip.Edge.Size, _tip.Time, given.Length));
        (_segment, _usedUp, _reason) = (null, false, SegmentReason.Abandoned);
        given.Dispose();
        _gate.Counts.Abandoned();
        _bell.Raise(new AuditAlarm(
            AuditAlarmKind.SegmentAbandoned,
            string.Create(CultureInfo.InvariantCulture, $"{_files.Folder}/{SpoolLayout.SegmentName(number)} was given up at {_tip.Offset}: {failure.Message}. What was acknowledged is safe, and the log goes on in the next segment if it can: look at the disk (dmesg)")));
        GiveUp(failure, number, _tip.Offset);
    }

    private void GiveUp(IOException failure, ulong segment, long offset)
    {
        PutBack();
        int errno = (failure as PosixException)?.Errno ?? 0;
        _own.Enqueue(OwnRecord.Failure(failure is PosixException { IsNoRoom: true } ? "disk_full" : "io_error", failure.Message, segment, offset, errno));
        if (++_attempts >= MostAttempts)
        {
            Fail($"{_files.Folder}: the audit log cannot be written: {failure.Message}; {MostAttempts} segments one after another. Look at the disk (dmesg), then restart: what was recorded is safe, and the start repairs or names what is not");
        }
    }

    // As if the group had never been built. A record of the log's own goes first again.
    private void PutBack()
    {
        _ring.Rewind();
        foreach ((AuditCause cause, long records) in _droppedInBatch)
        {
            _drops.PutBack(cause, records);
        }

        _inBatch.RemoveRange(0, _droppedInBatch.Count);
        if (_droppedInBatch.Count > 0)
        {
            _dropNoteDue = 0;
            _droppedInBatch.Clear();
        }

        OwnRecord[] later = [.. _own];
        _own.Clear();
        foreach (OwnRecord record in _inBatch)
        {
            _own.Enqueue(record);
        }

        foreach (OwnRecord record in later)
        {
            _own.Enqueue(record);
        }

        _inBatch.Clear();
        _certificate = null;
        _note = null;
    }
}
