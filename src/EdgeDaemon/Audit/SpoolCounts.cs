using System.Diagnostics;
using EdgeDaemon.Engine;

namespace EdgeDaemon.Audit;

/// <summary>What the log has done since its start. The writer's thread counts, anybody reads.</summary>
internal sealed class SpoolCounts
{
    private long _records;
    private long _bytes;
    private long _syncs;
    private long _batches;
    private long _checkpoints;
    private long _abandoned;
    private long _size;
    private long _segment;
    private long _epoch;
    private long _lastSync;
    private long _longestSync;

    /// <summary>How long calls to the disk took that brought records there.</summary>
    public LatencyHistogram SyncTimes { get; } = new();

    /// <summary>Records were brought to the disk, or not, and it took so long.</summary>
    public void Sync(TimeSpan took, bool done)
    {
        Interlocked.Exchange(ref _lastSync, took.Ticks);
        Interlocked.Exchange(ref _longestSync, Math.Max(took.Ticks, _longestSync));
        SyncTimes.Observe((long)(took.TotalSeconds * Stopwatch.Frequency));
        if (done)
        {
            Interlocked.Increment(ref _syncs);
        }
    }

    /// <summary>A group is on the disk.</summary>
    public void Group(long records, long bytes, LogTip tip)
    {
        Interlocked.Add(ref _records, records);
        Interlocked.Add(ref _bytes, bytes);
        Interlocked.Increment(ref _batches);
        Interlocked.Exchange(ref _size, (long)tip.Edge.Size);
        Interlocked.Exchange(ref _segment, (long)tip.Segment);
    }

    public void Abandoned() => Interlocked.Increment(ref _abandoned);

    public void Checkpoint() => Interlocked.Increment(ref _checkpoints);

    public void EpochIs(long epoch) => Interlocked.Exchange(ref _epoch, epoch);

    public SpoolFigures Figures(RecordRing ring, SegmentReserve reserve, DropCounts drops, DiskWatch disk) => new()
    {
        Records = Interlocked.Read(ref _records),
        Bytes = Interlocked.Read(ref _bytes),
        Syncs = Interlocked.Read(ref _syncs),
        Batches = Interlocked.Read(ref _batches),
        Checkpoints = Interlocked.Read(ref _checkpoints),
        AbandonedSegments = Interlocked.Read(ref _abandoned),
        DeletedSegments = reserve.Deleted,
        DroppedBehind = drops.Of(AuditCause.Behind),
        DroppedLowSpace = drops.Of(AuditCause.LowSpace),
        DroppedFull = drops.Of(AuditCause.Full),
        DroppedFailed = drops.Of(AuditCause.Failed),
        DroppedStalled = drops.Of(AuditCause.Stalled),
        Size = Interlocked.Read(ref _size),
        Pending = ring.Count,
        Segment = Interlocked.Read(ref _segment),
        Epoch = Interlocked.Read(ref _epoch),
        DiskBytes = reserve.DiskBytes,
        KeptBytes = reserve.KeptBytes,
        CallSeconds = disk.Age.TotalSeconds,
        FreeBytes = reserve.Report.FreeBytes,
        LastSyncSeconds = Interlocked.Read(ref _lastSync) / (double)TimeSpan.TicksPerSecond,
        LongestSyncSeconds = Interlocked.Read(ref _longestSync) / (double)TimeSpan.TicksPerSecond,
    };
}
