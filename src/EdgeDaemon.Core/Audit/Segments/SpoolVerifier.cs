using EdgeDaemon.Core.Audit.Notes;

namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>
/// Verifies a log from its first public key to its end, all computed anew: nothing that is written there is believed but signatures. Pure: the caller
/// brings the bytes, one segment after the other.
/// </summary>
/// <param name="first">Key of epoch 0; its name is the log's origin.</param>
public sealed class SpoolVerifier(NoteVerifier first)
{
    /// <summary>The certificates' file, for a log whose first segments retention has removed; null where the log must begin at sequence 0.</summary>
    public EpochChain? Chain { get; init; }

    /// <summary>A signed checkpoint of this log that was kept elsewhere; the log must contain it. Its signature is verified too.</summary>
    public SignedNote? Since { get; init; }

    /// <summary>Also read every record to its end. Costs some time: a record's bytes are sealed whether or not they make sense.</summary>
    public bool ChecksRecords { get; init; }

    /// <summary>Called for each frame that holds so far (it may not be sealed yet): sequence, its leaf's hash, the frame. For proofs, exports and statistics in one pass.</summary>
    public FrameVisitor? Visitor { get; init; }

    /// <param name="segments">In the order of their numbers.</param>
    /// <param name="cancellation">Ends the verification between two chunks.</param>
    public SpoolVerdict Verify(IEnumerable<ISegmentBytes> segments, CancellationToken cancellation = default) => throw new NotImplementedException($"{first}");
}

/// <summary>Gets each frame of a verification.</summary>
/// <param name="segment">The segment's number.</param>
/// <param name="offset">Where the frame begins in it.</param>
/// <param name="frame">The frame with its padding; valid during the call.</param>
/// <param name="leaf">Its leaf's hash.</param>
public delegate void FrameVisitor(ulong segment, long offset, ReadOnlySpan<byte> frame, ReadOnlySpan<byte> leaf);
