using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Records;

namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>What a whole verification found. Of a log that does not hold, the numbers are those up to the fault.</summary>
public sealed class SpoolVerdict
{
    private readonly ulong[] _kinds = new ulong[FieldRule.Numbers];

    /// <summary>Whether everything that is there holds. A torn tail does: recovery cuts it at the next start.</summary>
    public bool IsSound => Fault is null;

    /// <summary>The first place that does not hold, or null.</summary>
    public SpoolFault? Fault { get; internal set; }

    public string Origin { get; internal set; } = "";

    /// <summary>Segments read.</summary>
    public int Segments { get; internal set; }

    /// <summary>Number of the first segment that is there: not 0 where retention has removed some.</summary>
    public ulong FirstSegment { get; internal set; }

    /// <summary>Sequence of the first frame that is there.</summary>
    public ulong FirstSequence { get; internal set; }

    /// <summary>The tree's size: sequence of the next frame.</summary>
    public ulong Size { get; internal set; }

    /// <summary>The tree's root at that size, 32 bytes.</summary>
    public ReadOnlyMemory<byte> Root { get; internal set; }

    /// <summary>The last epoch.</summary>
    public ulong Epoch { get; internal set; }

    /// <summary>Epochs that began earlier than the one before had ended: the clock was set back.</summary>
    public int ClockSetBacks { get; internal set; }

    /// <summary>Checkpoints that were verified.</summary>
    public ulong Checkpoints { get; internal set; }

    /// <summary>The last one; null when there is none.</summary>
    public Checkpoint? LastCheckpoint { get; internal set; }

    /// <summary>The last one's signed note: what to keep elsewhere.</summary>
    public ReadOnlyMemory<byte> LastNote { get; internal set; }

    /// <summary>Frames behind the last checkpoint or epoch certificate, itself not counted: they are not signed yet.</summary>
    public ulong Unsealed { get; internal set; }

    /// <summary>Time of the first frame, microseconds.</summary>
    public long FirstTime { get; internal set; }

    /// <summary>Time of the last frame.</summary>
    public long LastTime { get; internal set; }

    /// <summary>Bytes of frames and headers that were verified.</summary>
    public long Bytes { get; internal set; }

    /// <summary>Bytes of batches that were abandoned after a failed write, and written again elsewhere.</summary>
    public long AbandonedBytes { get; internal set; }

    /// <summary>Bytes of a torn write at the very end; zero when there is none.</summary>
    public long TornBytes { get; internal set; }

    /// <summary>Where the torn write begins and what was seen there; null when there is none.</summary>
    public SpoolFault? TornFault { get; internal set; }

    /// <summary>Whether the last record before the final checkpoints is <see cref="RecordKind.Stop"/>.</summary>
    public bool EndsInOrder { get; internal set; }

    /// <summary>Size of the checkpoint kept elsewhere that this log was found consistent with; null when none was given.</summary>
    public ulong? ConsistentSince { get; internal set; }

    /// <summary>Records of a kind.</summary>
    public ulong Count(RecordKind kind) => _kinds[(int)kind & (FieldRule.Numbers - 1)];

    /// <summary>This verdict is on the end of a log, and becomes one on all of it: <paramref name="before"/> is on what comes before.</summary>
    internal void TakeBefore(SpoolVerdict before)
    {
        // A segment that has checkpoints alone says nothing about how the daemon stopped.
        EndsInOrder = Size - FirstSequence > Count(RecordKind.Checkpoint) ? EndsInOrder : before.EndsInOrder;
        (FirstSegment, FirstSequence, FirstTime) = (before.FirstSegment, before.FirstSequence, before.FirstTime);
        Segments += before.Segments;
        Checkpoints += before.Checkpoints;
        ClockSetBacks += before.ClockSetBacks;
        Bytes += before.Bytes;
        AbandonedBytes += before.AbandonedBytes;
        for (int kind = 0; kind < _kinds.Length; kind++)
        {
            _kinds[kind] += before._kinds[kind];
        }
    }

    internal void CountRecord(RecordKind kind) => _kinds[(int)kind & (FieldRule.Numbers - 1)]++;
}
