using System.Diagnostics.CodeAnalysis;
using EdgeDaemon.Core.Configuration;

namespace EdgeDaemon.Audit;

/// <summary>What the writer's thread and everybody else share: who waits, whether the writer sleeps, and how the spool is.</summary>
internal sealed class SpoolGate(AuditSettings settings, RecordRing ring, DiskWatch disk, TimeProvider clock) : IDisposable
{
    private const int Awake = 0;
    private const int Idle = 1; // Anything wakes it.
    private const int Gathering = 2; // Who waits, or much, wakes it.
    private const int Blocked = 3; // Only what it is blocked by.

    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly Lock _change = new();
    private readonly Queue<OwnRecord> _own = new();
    private TaskCompletionSource _turned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _sleep;
    private int _ownCount;
    private volatile int _closed; // Cause, and above it the verdict; 0: records are taken.
    private volatile bool _late;
    private volatile bool _ended;
    private volatile SpoolState _state = new(SpoolCondition.Running, true, "", clock.GetUtcNow());
    private volatile CheckpointMade? _checkpoint;

    /// <summary>Who waits for the disk.</summary>
    public WaiterStack Strict { get; } = new();

    /// <summary>Who waits for room.</summary>
    public WaiterStack Roomless { get; } = new();

    public SpoolState State => _state;

    /// <summary>Ends when it changes whether requests go on; to be taken before looking whether they do.</summary>
    public Task Turned => Volatile.Read(ref _turned).Task;

    public CheckpointMade? LastCheckpoint => _checkpoint;

    public Action<CheckpointMade>? Checkpointed { get; set; }

    public Action<SpoolState>? Changed { get; set; }

    /// <summary>What it has done.</summary>
    public SpoolCounts Counts { get; } = new();

    public bool StrictWaits => !Strict.IsEmpty || !Roomless.IsEmpty;

    public bool HasOwn => Volatile.Read(ref _ownCount) > 0;

    public bool IsStopping { get; private set; }

    /// <summary>The writer will never write again.</summary>
    public bool HasEnded => _ended;

    /// <summary>The writer is in a turn, or about to be.</summary>
    public bool IsAwake => Volatile.Read(ref _sleep) == Awake && !_ended;

    /// <summary>A sync takes longer than the loss window: whoever comes waits for it.</summary>
    public bool Late
    {
        get => _late;
        set => _late = value;
    }

    /// <summary>Half of the window or of the ring is used: a sync now lets nobody wait.</summary>
    public bool IsMuch => ring.Count >= (settings.WindowRecords + 1) / 2 || ring.UsedBytes >= ring.Capacity / 2;

    /// <summary>Whether records are taken at all; else what becomes of them.</summary>
    public bool TryPass(out AuditPlace place)
    {
        int closed = _closed;
        place = closed == 0 ? default : new AuditPlace(-1, (AuditVerdict)(closed >> 8), (AuditCause)(closed & 0xFF));
        return closed == 0;
    }

    /// <summary>What becomes of a record that is not taken because of this.</summary>
    public AuditPlace Verdict(AuditCause cause) => new(-1, _state.Accepts ? AuditVerdict.Dropped : AuditVerdict.Refused, cause);

    /// <summary>Wakes the writer where it sleeps and this is reason enough.</summary>
    /// <param name="waits">Somebody waits for the disk.</param>
    public void Wake(bool waits)
    {
        int sleep = Volatile.Read(ref _sleep);
        if (sleep == Awake || sleep == Blocked || (sleep == Gathering && !waits && !IsMuch))
        {
            return;
        }

        if (Interlocked.Exchange(ref _sleep, Awake) != Awake)
        {
            _wake.Set();
        }
    }

    /// <summary>Wakes it in any case, also if it is just about to sleep: for what does not happen with every record.</summary>
    public void WakeNow() => _wake.Set();

    /// <summary>The timer's: time has come, or a sync takes longer than it should.</summary>
    public void Ring()
    {
        if (disk.IsBusy)
        {
            _late = true;
            disk.Arm();
        }

        WakeNow();
    }

    /// <summary>The writer's: sleeps until it is woken, unless there is reason not to.</summary>
    /// <param name="blocked">Nothing that comes can be written now.</param>
    /// <param name="isDue">Looked at once more after it is known that the writer sleeps: what came before that wakes nobody. Null: a turn was due and found nothing to do, as between a caller's
    /// getting in line and its record's being there; then only a record is reason not to sleep.</param>
    public void Sleep(bool blocked, Func<bool>? isDue)
    {
        int mode = blocked ? Blocked : ring.Count == 0 ? Idle : Gathering;
        Interlocked.Exchange(ref _sleep, mode);
        if ((!blocked && (isDue is null ? ring.Count > 0 : isDue() || (mode == Idle && ring.Count > 0))) || IsStopping)
        {
            Interlocked.Exchange(ref _sleep, Awake);
            return;
        }

        _wake.WaitOne();
        Interlocked.Exchange(ref _sleep, Awake);
    }

    /// <summary>The writer's, at the end: until something happens, and no longer than that.</summary>
    public void AwaitChange(TimeSpan time)
    {
        Interlocked.Exchange(ref _sleep, Blocked);
        _wake.WaitOne(time);
        Interlocked.Exchange(ref _sleep, Awake);
    }

    public Task<bool> Note(OwnRecord record)
    {
        lock (_change)
        {
            if (_ended)
            {
                record.Finish(durable: false);
            }
            else
            {
                _own.Enqueue(record);
                Volatile.Write(ref _ownCount, _own.Count);
            }
        }

        WakeNow();
        return record.Done;
    }

    public bool TryTakeOwn([NotNullWhen(true)] out OwnRecord? record)
    {
        lock (_change)
        {
            bool taken = _own.TryDequeue(out record);
            Volatile.Write(ref _ownCount, _own.Count);
            return taken;
        }
    }

    public void Be(SpoolCondition condition, AuditPolicy policy, string reason)
    {
        SpoolState before = _state;
        if (before.Condition == condition && before.Reason == reason)
        {
            return;
        }

        bool accepts = condition == SpoolCondition.Running
            || policy == AuditPolicy.DropAndCount
            || (condition == SpoolCondition.LowSpace && policy == AuditPolicy.Rotate);
        AuditCause cause = condition switch
        {
            SpoolCondition.LowSpace when policy != AuditPolicy.Rotate => AuditCause.LowSpace,
            SpoolCondition.Full => AuditCause.Full,
            SpoolCondition.Failed => AuditCause.Failed,
            SpoolCondition.Stalled => AuditCause.Stalled,
            SpoolCondition.Stopped => AuditCause.Stopped,
            _ => AuditCause.None,
        };
        _state = new SpoolState(condition, accepts, reason, clock.GetUtcNow());
        if (accepts != before.Accepts)
        {
            Interlocked.Exchange(ref _turned, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        }

        _closed = cause == AuditCause.None ? 0 : (int)cause | ((int)(accepts ? AuditVerdict.Dropped : AuditVerdict.Refused) << 8);
        Changed?.Invoke(_state);
    }

    public void Stop()
    {
        IsStopping = true;
        WakeNow();
        _wake.Set();
    }

    /// <summary>The writer's last word.</summary>
    public void End()
    {
        lock (_change)
        {
            _ended = true;
            while (_own.TryDequeue(out OwnRecord? record))
            {
                record.Finish(durable: false);
            }
        }

        if (_state.Condition != SpoolCondition.Failed)
        {
            Be(SpoolCondition.Stopped, AuditPolicy.Refuse, "the log is closed");
        }

        TurnAwayLast();
    }

    /// <summary>Whoever came when the writer had gone: nobody else answers them.</summary>
    public void TurnAwayLast()
    {
        _ = TryPass(out AuditPlace place);
        TurnAway(Strict.TakeAll(), place);
        TurnAway(Roomless.TakeAll(), place);
    }

    public void CheckpointIs(CheckpointMade checkpoint)
    {
        Counts.Checkpoint();
        _checkpoint = checkpoint;
        Checkpointed?.Invoke(checkpoint);
    }

    public void Dispose() => _wake.Dispose();

    private static void TurnAway(AuditWaiter? chain, in AuditPlace place)
    {
        while (chain is not null)
        {
            AuditWaiter next = chain;
            chain = next.Next;
            next.Complete(place);
        }
    }
}
