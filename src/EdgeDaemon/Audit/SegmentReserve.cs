using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Audit;

/// <summary>
/// Has the next segment laid out before it is needed, on a thread of its own: a file of zeros takes long, and the writer must not wait for it. Watches quota and
/// free space, and deletes the oldest segments where the policy lets it.
/// </summary>
internal sealed class SegmentReserve : IDisposable
{
    private const string NoRoom = "disk_full";
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestNote = TimeSpan.FromSeconds(2);

    private readonly ISpoolFiles _files;
    private readonly AuditSettings _settings;
    private readonly TimeProvider _clock;
    private readonly SealedSegments _sealed;
    private readonly QuotaWatch _quota;
    private readonly AutoResetEvent _wake = new(initialState: true);
    private readonly Thread _thread;
    private readonly ITimer _timer;
    private ISpoolFile? _next;
    private volatile SpaceReport _report = new(SpaceCondition.Enough, "", 0);
    private volatile bool _exhausted;
    private volatile bool _taken; // Somebody has the file of that name, and is about to give it another.
    private volatile bool _stopping;
    private volatile bool _started;
    private (ulong Number, Task<bool> Done)? _note; // of the segment that is to be deleted
    private bool _noteIsLate;
    private volatile bool _writerHasNone;
    private volatile bool _writerIsMute;
    private long _deleted;

    public SegmentReserve(ISpoolFiles files, AuditSettings settings, TimeProvider clock, IEnumerable<SealedSegment> past)
    {
        (_files, _settings, _clock) = (files, settings, clock);
        _sealed = new SealedSegments(past);
        _quota = new QuotaWatch(files.Folder, settings);
        _timer = clock.CreateTimer(_ => _wake.Set(), null, Look, Look);
        _thread = new Thread(Work) { IsBackground = true, Name = "edged audit files" };
    }

    /// <summary>Told when there is a next segment, or none can be had, or space has changed.</summary>
    public Action Changed { get; set; } = () => { };

    /// <summary>Brings a record of the log's own into the log; the task says whether it is on the disk.</summary>
    public Func<OwnRecord, Task<bool>> Note { get; set; } = _ => Task.FromResult(false);

    /// <summary>Told when most of the quota is used up by what must be kept.</summary>
    public Action<AuditAlarm> Alarm { get; set; } = _ => { };

    public bool HasNext => Volatile.Read(ref _next) is not null;

    /// <summary>Whether the last attempt at a next segment came to nothing; it is made again every second.</summary>
    public bool IsExhausted => _exhausted;

    public SpaceReport Report => _report;

    /// <summary>Of all files of the log, the one ahead included.</summary>
    public long DiskBytes => _sealed.Bytes + (_settings.SegmentBytes * ((HasNext ? 1L : 0L) + WritersFiles));

    /// <summary>What of <see cref="DiskBytes"/> no rule lets go: all of it, or with <see cref="AuditPolicy.Rotate"/> what is younger than is to be kept.</summary>
    public long KeptBytes => _settings.OnFull == AuditPolicy.Rotate ? DiskBytes - _sealed.FreeableBytes : DiskBytes;

    /// <summary>The writer has no place for the log's own words before there is another segment: what it has is given up, or used up. Then it must not be waited for.</summary>
    public bool WriterIsMute
    {
        get => _writerIsMute;
        set => _writerIsMute = value;
    }

    /// <summary>The writer gave its segment up, and has no file.</summary>
    public bool WriterHasNone
    {
        get => _writerHasNone;
        set => _writerHasNone = value;
    }

    public long Deleted => Interlocked.Read(ref _deleted);

    public void Start()
    {
        _started = true;
        _thread.Start();
        _wake.Set(); // What could not be made before there was a writer to record deletions.
    }

    /// <summary>Makes the first one on this thread, before there is another. Deletes nothing: that is recorded, and nobody writes yet.</summary>
    public void Prepare()
    {
        TryLayOut();
        Measure();
    }

    /// <summary>The file laid out ahead, named <see cref="SpoolLayout.Next"/>; null: there is none. No other is made before <see cref="MakeNext"/>.</summary>
    public ISpoolFile? TryTake()
    {
        _taken = true;
        ISpoolFile? next = Interlocked.Exchange(ref _next, null);
        _taken = next is not null;
        return next;
    }

    /// <summary>The taken one has its own name, or is gone: the next can be made.</summary>
    public void MakeNext()
    {
        _exhausted = false;
        _taken = false;
        _wake.Set();
    }

    /// <summary>A segment that is not written any more.</summary>
    public void Seal(SealedSegment segment) => _sealed.Add(segment);

    /// <summary>Ends the thread and lets the file go that was laid out ahead.</summary>
    /// <returns>False: a call to the disk has kept the thread for so long; it is left to the end of the process.</returns>
    public bool TryEnd(TimeSpan patience)
    {
        _stopping = true;
        _timer.Dispose();
        _wake.Set();
        if (_thread.IsAlive && !_thread.Join(patience))
        {
            return false;
        }

        TryTake()?.Dispose();
        _wake.Dispose();
        return true;
    }

    public void Dispose() => TryEnd(Timeout.InfiniteTimeSpan);

    private long WritersFiles => _writerHasNone ? 0 : 1;

    private void Work()
    {
        while (!_stopping)
        {
            _wake.WaitOne();
            if (_stopping)
            {
                return;
            }

            SpaceReport before = _report;
            bool had = HasNext, exhausted = _exhausted;
            if (!had && !_taken)
            {
                TryLayOut();
            }

            Measure();
            WatchQuota();
            _timer.Change(_exhausted ? Again : Look, _exhausted ? Again : Look);
            if (HasNext != had || _exhausted != exhausted || _report.Condition != before.Condition)
            {
                Changed();
            }
        }
    }

    private void TryLayOut()
    {
        while (!_stopping)
        {
            _noteIsLate = false;
            long bytes = _sealed.Bytes + ((1 + WritersFiles) * _settings.SegmentBytes);
            if (bytes > _settings.MaxBytes)
            {
                if (_sealed.Forget(_files.Names()) || (_settings.OnFull == AuditPolicy.Rotate && TryDeleteOldest("quota")))
                {
                    continue;
                }

                // The record of the deletion waits for the very segment that is made here. One beyond the quota, then, which the deletion makes up for; a writer whose segments fail one after
                // another ends after the third.
                if (!_noteIsLate || !_writerIsMute)
                {
                    Exhaust(SpaceCondition.Full, $"{_files.Folder}: the log's quota is used up ([audit] max_bytes = {_settings.MaxBytes}): export and remove its oldest segments, or raise it and restart");
                    return;
                }
            }

            try
            {
                _files.Remove(SpoolLayout.Next); // Of a start before this one, or of a segment that could not be begun.
                Volatile.Write(ref _next, _files.Create(SpoolLayout.Next, _settings.SegmentBytes));
                _exhausted = false;
                return;
            }
            catch (IOException failure)
            {
                bool room = failure is PosixException { IsNoRoom: true };
                if (room && _settings.OnFull == AuditPolicy.Rotate && TryDeleteOldest(NoRoom))
                {
                    continue;
                }

                Exhaust(
                    room ? SpaceCondition.Full : SpaceCondition.Broken,
                    $"{_files.Folder}: no further segment can be laid out: {failure.Message}. {(room ? "Make room on its file system" : "Look at the disk (dmesg)")}");
                return;
            }
        }
    }

    private void Exhaust(SpaceCondition condition, string reason)
    {
        _report = new SpaceReport(condition, reason, _report.FreeBytes);
        _exhausted = true;
    }

    private void Measure()
    {
        long free;
        try
        {
            free = _files.FreeBytes();
            while (free < _settings.MinFreeBytes && _settings.OnLowSpace == AuditPolicy.Rotate && TryDeleteOldest("low_space"))
            {
                free = _files.FreeBytes();
            }
        }
        catch (IOException)
        {
            return; // Not known: writing will show.
        }

        _report = _exhausted ? _report with { FreeBytes = free }
            : free < _settings.MinFreeBytes
                ? new SpaceReport(SpaceCondition.Low, $"{_files.Folder}: its file system has {free} bytes left, less than [audit] min_free_bytes = {_settings.MinFreeBytes}: make room", free)
                : new SpaceReport(SpaceCondition.Enough, "", free);
    }

    private void WatchQuota()
    {
        double? perHour = _sealed.Weigh(KeepFrom()); // First: KeptBytes uses what it finds.
        if (_quota.Look(KeptBytes, perHour) is { } alarm)
        {
            Alarm(alarm);
        }
    }

    private long KeepFrom() => (_clock.GetUtcNow() - DateTimeOffset.UnixEpoch - _settings.Keep).Ticks / TimeSpan.TicksPerMicrosecond;

    // Not without end: the writer may wait for the very segment that is made once this is over. It is asked once for each segment, and its answer looked for again.
    private bool IsNoted(string cause, SealedSegment oldest)
    {
        if (_note is not { } note || note.Number != oldest.Number)
        {
            _note = note = (oldest.Number, Note(OwnRecord.Retention(cause, oldest)));
        }

        _noteIsLate = !note.Done.Wait(LongestNote);
        if (_noteIsLate)
        {
            return false;
        }

        _note = null;
        return note.Done.Result;
    }

    // Sealed ones only, and none with a record that is to be kept still.
    private bool TryDeleteOldest(string cause)
    {
        if (_sealed.Oldest is not { } oldest || oldest.LastTime > KeepFrom() || _stopping || !_started)
        {
            return false;
        }

        // A writer that has no place for the record, and no room for one on the disk: the file goes first, and the record is the first of the segment that takes its room.
        if (!IsNoted(cause, oldest) && !(_noteIsLate && _writerIsMute && cause == NoRoom))
        {
            return false;
        }

        try
        {
            _files.Remove(SpoolLayout.SegmentName(oldest.Number));
        }
        catch (IOException)
        {
            return false;
        }

        _note = null;
        _sealed.RemoveOldest();
        Interlocked.Increment(ref _deleted);
        return true;
    }
}
