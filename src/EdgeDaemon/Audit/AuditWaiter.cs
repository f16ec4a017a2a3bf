using System.Threading.Tasks.Sources;
using EdgeDaemon.Listeners;

namespace EdgeDaemon.Audit;

/// <summary>
/// One caller that waits for its record: for room, or until it is on the disk. Kept with the request's work and used again once awaited; it holds the record's
/// bytes only from <see cref="AuditSpool.AppendAsync"/> to its end.
/// </summary>
internal sealed class AuditWaiter : IValueTaskSource<AuditPlace>, IThreadPoolWorkItem
{
    private ManualResetValueTaskSourceCore<AuditPlace> _source; // mutable struct: not readonly
    private AuditPlace _place;

    /// <summary>The next in a list of waiting ones.</summary>
    internal AuditWaiter? Next { get; set; }

    /// <summary>What waits for room; empty once it has its place.</summary>
    internal ReadOnlyMemory<byte> Record { get; set; }

    internal bool Strict { get; set; }

    /// <summary>Whether what the record is about goes on without it too: then its loss is counted.</summary>
    internal bool GoesOn { get; set; }

    /// <summary>When its caller does not want to wait any longer, in the monotone clock's ticks.</summary>
    internal long Deadline { get; set; }

    /// <summary>Where the record is in the ring.</summary>
    internal long Position { get; set; }

    internal ValueTask<AuditPlace> Begin(ReadOnlyMemory<byte> record, bool strict, bool goesOn, long deadline)
    {
        _source.Reset();
        Record = record;
        Strict = strict;
        GoesOn = goesOn;
        Deadline = deadline;
        Next = null;
        return new ValueTask<AuditPlace>(this, _source.Version);
    }

    /// <summary>Goes on, off the thread that says so: the spool's writer runs nobody else's code.</summary>
    internal void Complete(in AuditPlace place)
    {
        _place = place;
        Record = default;
        CallPump.Enqueue(this);
    }

    void IThreadPoolWorkItem.Execute() => _source.SetResult(_place);

    AuditPlace IValueTaskSource<AuditPlace>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<AuditPlace>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<AuditPlace>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
