namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>
/// Goes through one segment frame by frame in bounded memory: header, checksums, sequences, padding. Knows neither tree nor keys: recovery adds the first, the
/// verifier both. A frame that does not hold ends the walk, and says which and why.
/// </summary>
public sealed class SegmentWalk
{
    /// <param name="bytes">The segment; not owned.</param>
    /// <exception cref="AuditFormatException">There is no header.</exception>
    public SegmentWalk(ISegmentBytes bytes) => throw new NotImplementedException();

    public SegmentHeader Header { get; }

    /// <summary>SHA-256 of the header's bytes.</summary>
    public ReadOnlyMemory<byte> HeaderDigest { get; }

    /// <summary>Where the present frame begins; at the end, where the next one would.</summary>
    public long Offset { get; }

    /// <summary>Sequence of the present frame; at the end, of the next one.</summary>
    public ulong Sequence { get; }

    /// <summary>The present frame with its padding; valid until the next step.</summary>
    public ReadOnlySpan<byte> Frame => throw new NotImplementedException();

    /// <summary>The rolling checksum with the present frame: what an appended one goes on from.</summary>
    public uint Checksum { get; }

    /// <summary>How the frames ended, once <see cref="Next"/> was false.</summary>
    public SegmentEnd End { get; }

    /// <summary>Why the first bad frame does not hold, where there is one.</summary>
    public SpoolFault? Fault { get; }

    /// <summary>Bytes from <see cref="Offset"/> on that are not zero, up to the last one; what a cut would take away.</summary>
    public long TailBytes { get; }

    /// <summary>Goes to the next frame; false at the end, whatever kind of end it is.</summary>
    public bool Next() => throw new NotImplementedException();
}
