using System.Diagnostics;
using EdgeDaemon.Core.Configuration;

namespace EdgeDaemon.Audit;

/// <summary>
/// The log of decisions on the disk: records are copied into one ring by whoever has them, and one thread of its own numbers, frames, hashes, writes and syncs
/// them in groups. All members may be called by many threads.
/// </summary>
internal sealed class AuditSpool : IDisposable
{
    /// <summary>Bytes of one record: the ring, and whoever reads, can count on it.</summary>
    public const int LargestRecord = Core.Audit.Segments.Frame.LongestRecord;

    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Ending = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly AuditSettings _settings;
    private readonly SpoolClock _clock;
    private readonly RecordRing _ring;
    private readonly DropCounts _drops = new();
    private readonly DiskWatch _disk;
    private readonly AlarmBell _bell = new();
    private readonly SpoolGate _gate;
    private readonly SegmentReserve _reserve;
    private readonly SpoolWriter _writer;
    private readonly Thread _thread;
    private readonly ITimer _timer;
    private int _disposed;

    private AuditSpool(ISpoolFiles files, AuditSettings settings, AuditKeyStore keys, OpenedLog log, TimeProvider clock)
    {
        _settings = settings;
        _clock = new SpoolClock(clock);
        Origin = log.Origin;
        _ring = new RecordRing(settings.BufferBytes);
        _disk = new DiskWatch(clock, settings.StallAfter);
        _gate = new SpoolGate(settings, _ring, _disk, clock);
        _gate.Counts.EpochIs(log.Key.Epoch);
        _reserve = new SegmentReserve(files, settings, clock, log.Past) { Changed = _gate.WakeNow, Note = _gate.Note, Alarm = _bell.Raise };
        _writer = new SpoolWriter(files, settings, keys, log, _reserve, _ring, _gate, _drops, _disk, _bell, _clock);
        _disk.Stalled = _writer.BeStalled;
        _disk.Waiting = _writer.TurnAwayLate;
        _timer = clock.CreateTimer(_ => Ring(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _thread = new Thread(Write) { IsBackground = true, Name = "edged audit" };
    }

    /// <summary>The log's name in its checkpoints.</summary>
    public string Origin { get; }

    /// <summary>As it is now; never null.</summary>
    public SpoolState State => _gate.State;

    /// <inheritdoc cref="SpoolGate.Turned"/>
    public Task Turned => _gate.Turned;

    /// <summary>The newest checkpoint that is on the disk; null before the first.</summary>
    public CheckpointMade? LastCheckpoint => _gate.LastCheckpoint;

    /// <summary>Told of each checkpoint once it is on the disk, on the writer's thread: it must be quick, not throw and append nothing with a wait.</summary>
    public Action<CheckpointMade>? Checkpointed
    {
        get => _gate.Checkpointed;
        set => _gate.Checkpointed = value;
    }

    /// <summary>Told of each change of <see cref="State"/>, the same way.</summary>
    public Action<SpoolState>? Changed
    {
        get => _gate.Changed;
        set => _gate.Changed = value;
    }

    /// <inheritdoc cref="AlarmBell.Told"/>
    public Action<AuditAlarm>? Alarm
    {
        get => _bell.Told;
        set => _bell.Told = value;
    }

    /// <inheritdoc cref="SpoolCounts.SyncTimes"/>
    public Engine.LatencyHistogram SyncTimes => _gate.Counts.SyncTimes;

    /// <summary>Whether nothing of it runs any more; not, after <see cref="Dispose"/>, where the disk keeps its thread.</summary>
    public bool HasEnded { get; private set; }

    public SpoolFigures Figures => _gate.Counts.Figures(_ring, _reserve, _drops, _disk);

    /// <summary>Opens the log, repairs a torn end, says so in a record, and starts the writer's thread.</summary>
    /// <param name="settings">Where, and by which rules.</param>
    /// <param name="keys">The open epoch's key and where its successor is kept.</param>
    /// <param name="clock">The wall clock and the timer.</param>
    /// <exception cref="AuditSpoolException">It is not there, or not what was written: the message says which place, and what to do.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static AuditSpool Open(AuditSettings settings, AuditKeyStore keys, TimeProvider clock) => Open(settings, new SpoolFolder(settings.Directory), keys, clock);

    internal static AuditSpool Open(AuditSettings settings, ISpoolFiles files, AuditKeyStore keys, TimeProvider clock)
    {
        var spool = new AuditSpool(files, settings, keys, SpoolRecovery.Open(files, keys, settings.Origin), clock);
        spool._reserve.Prepare();
        spool._thread.Start();
        spool._reserve.Start();
        return spool;
    }

    /// <summary>Takes a record of what goes on without it too. Never waits: where there is no room, or none is taken, it is lost and counted, whatever the policy says of answers.</summary>
    /// <param name="record">The payload, copied before this returns; at most <see cref="LargestRecord"/>.</param>
    public AuditPlace Append(ReadOnlySpan<byte> record)
    {
        if (!TryPass(record.Length, goesOn: true, out AuditPlace place))
        {
            return place;
        }

        if (_ring.TryAppend(record, _clock.Now, int.MaxValue, null, null) != RecordRing.Attempt.Taken)
        {
            return Overrun(_settings.OnBehind == AuditPolicy.Refuse ? AuditVerdict.Refused : AuditVerdict.Dropped, goesOn: true);
        }

        _gate.Wake(waits: false);
        return new AuditPlace(-1, AuditVerdict.Taken, AuditCause.None);
    }

    /// <summary>Takes a record and blocks this thread until it is on the disk, or known not to be; one that is not taken is counted. For what is rare: life cycle, trust, administration.</summary>
    public AuditPlace AppendDurably(ReadOnlySpan<byte> record) => AppendAsync(new AuditWaiter(), record.ToArray(), strict: true, goesOn: true).AsTask().GetAwaiter().GetResult();

    /// <summary>Takes a request's record. A batched one is done at once unless the loss window is used up; a strict one once its group is on the disk.</summary>
    /// <param name="waiter">The request's own; not in use.</param>
    /// <param name="record">Stays as it is until the task ends; at most <see cref="LargestRecord"/>.</param>
    /// <param name="strict">Whether the answer waits for the disk.</param>
    /// <param name="goesOn">Whether what it is about goes on without it, so that its loss is counted.</param>
    /// <param name="deadline">From then on the caller is refused (<see cref="AuditCause.Late"/>), whatever becomes of the record; in the clock's timestamps. Looked at while the disk keeps the writer waiting, and seen a tenth of a second late at most.</param>
    public ValueTask<AuditPlace> AppendAsync(AuditWaiter waiter, ReadOnlyMemory<byte> record, bool strict, bool goesOn = false, long deadline = long.MaxValue)
    {
        if (!TryPass(record.Length, goesOn, out AuditPlace place))
        {
            return new ValueTask<AuditPlace>(place);
        }

        ValueTask<AuditPlace> task = strict ? waiter.Begin(record, strict, goesOn, deadline) : default;
        if ((strict || !_gate.Late)
            && _ring.TryAppend(record.Span, _clock.Now, strict ? int.MaxValue : _settings.WindowRecords, strict ? waiter : null, _gate.Strict) == RecordRing.Attempt.Taken)
        {
            _gate.Wake(strict);
            if (!strict)
            {
                return new ValueTask<AuditPlace>(new AuditPlace(-1, AuditVerdict.Taken, AuditCause.None));
            }
        }
        else if (strict || _settings.OnBehind == AuditPolicy.Wait)
        {
            if (!strict)
            {
                task = waiter.Begin(record, strict, goesOn, deadline);
            }

            _gate.Roomless.Push(waiter);
            _gate.Wake(waits: true);
        }
        else
        {
            return new ValueTask<AuditPlace>(Overrun(_settings.OnBehind == AuditPolicy.DropAndCount ? AuditVerdict.Dropped : AuditVerdict.Refused, goesOn));
        }

        if (_gate.HasEnded)
        {
            _gate.TurnAwayLast(); // The writer went between the first look and this.
        }

        return task;
    }

    /// <summary>
    /// Brings everything to the disk, seals it with a checkpoint and ends the thread. Append the stop record before. A disk that hangs is not waited for without end: then the thread, and
    /// whatever it holds, is left to the end of the process.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _gate.Stop();
        while (!(HasEnded = _thread.Join(Look)))
        {
            if (_disk.Age >= _settings.StallAfter)
            {
                _gate.End();
                return;
            }
        }

        HasEnded = _reserve.TryEnd(Ending);
        _timer.Dispose();
        _disk.Dispose();
        _writer.Dispose();
    }

    // A turn can call the disk more than once: one that outlasts this timer goes on being looked at, or a later call of it could hang unseen.
    private void Ring()
    {
        _gate.Ring();
        if (_gate.IsAwake)
        {
            _timer.Change(_settings.Window, Timeout.InfiniteTimeSpan);
        }
    }

    private bool TryPass(int length, bool goesOn, out AuditPlace place)
    {
        if (!_gate.TryPass(out place))
        {
            if (goesOn || place.Verdict == AuditVerdict.Dropped)
            {
                _drops.Count(place.Cause);
            }

            return false;
        }

        if (length is 0 or > LargestRecord)
        {
            _drops.Count(AuditCause.TooLarge);
            place = new AuditPlace(-1, AuditVerdict.Refused, AuditCause.TooLarge);
            return false;
        }

        return true;
    }

    private AuditPlace Overrun(AuditVerdict verdict, bool goesOn)
    {
        if (goesOn || verdict == AuditVerdict.Dropped)
        {
            _drops.Count(AuditCause.Behind);
        }

        return new AuditPlace(-1, verdict, AuditCause.Behind);
    }

    private void Write()
    {
        try
        {
            Func<bool> isDue = _writer.IsDue;
            while (!_gate.IsStopping)
            {
                bool due = _writer.IsDue();
                if (due)
                {
                    _timer.Change(_settings.Window, Timeout.InfiniteTimeSpan); // A sync that takes longer must not let batched answers go on leaving.
                }

                if (due && _writer.Turn())
                {
                    _timer.Change(_settings.Window, Timeout.InfiniteTimeSpan); // Also while a sync is under way: it may take too long.
                    continue;
                }

                // What is due and cannot be done waits for a file, or for room.
                _timer.Change(due ? _writer.HasWaiters ? Look : Again : _clock.Until(_writer.NextDue()) + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
                _gate.Sleep(due && _writer.IsBlocked, due ? null : isDue);
            }

            // A disk can hang now as well: a file that does not come is not waited for without end, though the timer goes on waking this thread.
            long missed = 0;
            while (true)
            {
                _timer.Change(_settings.Window, Timeout.InfiniteTimeSpan);
                if (_writer.Turn())
                {
                    missed = 0;
                    continue;
                }

                missed = missed == 0 ? Stopwatch.GetTimestamp() : missed;
                if (!_writer.NeedsFile || Ending - Stopwatch.GetElapsedTime(missed) is var left && left <= TimeSpan.Zero)
                {
                    break;
                }

                _gate.AwaitChange(left);
            }

            _timer.Change(_settings.Window, Timeout.InfiniteTimeSpan);
            _writer.CountLeft();
        }
        finally
        {
            _gate.End();
        }
    }
}
