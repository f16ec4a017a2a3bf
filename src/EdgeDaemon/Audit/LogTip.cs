using EdgeDaemon.Core.Audit.Tree;
using EdgeDaemon.Native.OpenSsl;

namespace EdgeDaemon.Audit;

/// <summary>The end of a log: everything that the next frame follows from. One describes what is on the disk, another what a group would make of it.</summary>
internal sealed class LogTip
{
    /// <summary>The tree so far; its size is the next frame's sequence.</summary>
    public TreeEdge Edge { get; } = new(HasherChoice.Fastest);

    /// <summary>Rolling, of the segment so far.</summary>
    public uint Checksum { get; set; }

    /// <summary>Where the next frame goes in the segment.</summary>
    public long Offset { get; set; }

    public ulong Segment { get; set; }

    /// <summary>The last frame's, microseconds since 1970.</summary>
    public long Time { get; set; }

    /// <summary>Size that the last checkpoint covers.</summary>
    public ulong Checkpointed { get; set; }

    public void CopyFrom(LogTip other)
    {
        Edge.CopyFrom(other.Edge);
        (Checksum, Offset, Segment, Time, Checkpointed) = (other.Checksum, other.Offset, other.Segment, other.Time, other.Checkpointed);
    }
}
