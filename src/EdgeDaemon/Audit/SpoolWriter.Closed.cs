using System.Globalization;
using EdgeDaemon.Core.Configuration;

namespace EdgeDaemon.Audit;

/// <content>When it cannot go on: no room, no answer of the disk, no log any more. Who waits is told, and what is lost is counted.</content>
internal sealed partial class SpoolWriter
{
    private static readonly AuditPlace Late = new(-1, AuditVerdict.Refused, AuditCause.Late);

    /// <summary>
    /// The disk does not answer: nobody waits for it any longer, and by <see cref="AuditSettings.OnError"/> nothing more is taken. What is in the ring stays there, and is written if it ever
    /// answers. The writer's, or of whoever knows that it is in a call to the disk and cannot go on.
    /// </summary>
    public void BeStalled(TimeSpan age)
    {
        if (_gate.State.Condition is SpoolCondition.Running or SpoolCondition.LowSpace)
        {
            _gate.Be(
                SpoolCondition.Stalled,
                _settings.OnError,
                string.Create(CultureInfo.InvariantCulture, $"{_files.Folder}: its disk has not answered for {age.TotalSeconds:0.#} s, more than [audit] stall_seconds: look at it (dmesg). The log goes on by itself when it answers"));
        }

        TurnAway(_gate.State.Condition switch { SpoolCondition.Full => AuditCause.Full, SpoolCondition.Failed => AuditCause.Failed, _ => AuditCause.Stalled });
    }

    /// <summary>The last turn of all: what could not be written until the end is counted, and noted in what is kept for such things.</summary>
    public void CountLeft()
    {
        if (_ring.Count == 0 || _gate.State.Condition == SpoolCondition.Failed)
        {
            return;
        }

        _drops.Count(_gate.State.Condition switch { SpoolCondition.Stalled => AuditCause.Stalled, SpoolCondition.Full => AuditCause.Full, _ => AuditCause.Behind }, _ring.Count);
        _ringLeft = true;
        _ring.Rewind();
        _isAhead = false;
        Turn();
    }

    // The next one is laid out by another thread, which a disk that hangs keeps as well.
    private void MissFile()
    {
        TurnAwayLate();
        if (_reserve.IsExhausted || _gate.State.Condition is SpoolCondition.Failed or SpoolCondition.Full)
        {
            _fileMissed = 0;
            return;
        }

        _fileMissed = _fileMissed == 0 ? Math.Max(1, _clock.Timestamp) : _fileMissed;
        if (_clock.Since(_fileMissed) is var age && age >= _settings.StallAfter)
        {
            BeStalled(age);
        }
    }

    private void Fail(string reason)
    {
        _gate.Be(SpoolCondition.Failed, _settings.OnError, reason);
        _drops.Count(AuditCause.Failed, _ring.Count);
        _reserve.WriterIsMute = false; // It will never write again: nothing is removed for its sake.
        TurnAway(AuditCause.Failed);
        while (_own.TryDequeue(out OwnRecord? record))
        {
            record.Finish(durable: false);
        }
    }

    private void FollowSpace()
    {
        SpaceReport report = _reserve.Report;
        SpoolCondition condition = _gate.State.Condition;
        if (condition == SpoolCondition.Full && _reserve.HasNext)
        {
            _gate.Be(condition = SpoolCondition.Running, AuditPolicy.Refuse, "");
            _dropNoteDue = 0; // What was lost meanwhile is said at once.
        }

        if (condition is not (SpoolCondition.Running or SpoolCondition.LowSpace) || report.Condition == SpaceCondition.Full || report.Condition == SpaceCondition.Broken)
        {
            return; // Full is said where a segment is missed.
        }

        if ((report.Condition == SpaceCondition.Low) != (condition == SpoolCondition.LowSpace))
        {
            bool low = report.Condition == SpaceCondition.Low;
            _dropNoteDue = 0;
            _own.Enqueue(OwnRecord.Space(low ? "low_space" : "enough_space", report.Reason, report.FreeBytes));
            _gate.Be(low ? SpoolCondition.LowSpace : SpoolCondition.Running, _settings.OnLowSpace, report.Reason);
        }
    }

    // No segment is left, and none can be had: said in what was kept for it, once.
    private void BeFull()
    {
        if (_gate.State.Condition == SpoolCondition.Full)
        {
            TurnAway(AuditCause.Full);
            return;
        }

        SpaceReport report = _reserve.Report;
        _gate.Be(SpoolCondition.Full, report.Condition == SpaceCondition.Broken ? _settings.OnError : _settings.OnFull, report.Reason);
        _own.Enqueue(OwnRecord.Space("full", report.Reason, report.FreeBytes));
        TurnAway(AuditCause.Full);
    }

    /// <summary>Whose own deadline has passed is told; what of theirs is in the ring goes on to the disk. The writer's, or of whoever knows that it is in a call to the disk.</summary>
    public void TurnAwayLate()
    {
        _strict.Append(_gate.Strict.TakeAll());
        _roomless.Append(_gate.Roomless.TakeAll());
        long now = _clock.Timestamp;
        _strict.Leave(now, Late);
        _roomless.Leave(now, Late);
    }

    // Who waits for the disk or for room is told; what is in the ring stays there, and is written if there is ever room.
    private void TurnAway(AuditCause cause)
    {
        _strict.Append(_gate.Strict.TakeAll());
        _roomless.Append(_gate.Roomless.TakeAll());
        AuditPlace place = _gate.Verdict(cause);
        while (_strict.First is not null)
        {
            _strict.Dequeue().Complete(place);
        }

        while (_roomless.First is not null)
        {
            if (place.Verdict == AuditVerdict.Dropped || _roomless.First.GoesOn)
            {
                _drops.Count(cause);
            }

            _roomless.Dequeue().Complete(place);
        }
    }
}
