using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Tree;

namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>
/// Verifies a log from its first public key to its end, all computed anew: nothing that is written there is believed but signatures. Pure: the caller
/// brings the bytes, one segment after the other.
/// </summary>
/// <param name="first">Key of epoch 0; its name is the log's origin.</param>
public sealed class SpoolVerifier(NoteVerifier first)
{
    /// <summary>
    /// The certificates' file: a log whose first segments retention has removed is verified by it, and one that ends before its last epoch was cut off. Null: the log must begin at
    /// sequence 0, and nothing is compared.
    /// </summary>
    public EpochChain? Chain { get; init; }

    /// <summary>Whether the log must begin at sequence 0 although there is a <see cref="Chain"/>.</summary>
    public bool IsWhole { get; init; }

    /// <summary>A signed checkpoint of this log that was kept elsewhere; the log must contain it. Its signature is verified too.</summary>
    public SignedNote? Since { get; init; }

    /// <summary>Also read every record to its end. Costs some time: a record's bytes are sealed whether or not they make sense.</summary>
    public bool ChecksRecords { get; init; }

    /// <summary>Called for each frame that holds so far (it may not be sealed yet). For proofs, exports and statistics in the same pass.</summary>
    public FrameVisitor? Visitor { get; init; }

    /// <summary>How the tree is hashed.</summary>
    public TreeHasher Hasher { get; init; } = TreeHasher.Lanes;

    /// <summary>
    /// Most segments that are verified at once. More than one need a <see cref="Chain"/>, which knows the key that a segment begins with, and no <see cref="Visitor"/>, which sees frames in
    /// their order; without, it is one after the other. The verdict is the same.
    /// </summary>
    public int AtOnce { get; init; } = 1;

    /// <param name="segments">In the order of their numbers.</param>
    /// <param name="cancellation">Ends the verification between two frames.</param>
    /// <exception cref="AuditFormatException"><see cref="Since"/> is no checkpoint.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public SpoolVerdict Verify(IEnumerable<ISegmentBytes> segments, CancellationToken cancellation = default)
    {
        IReadOnlyList<ISegmentBytes> all = segments as IReadOnlyList<ISegmentBytes> ?? [.. segments];
        if (AtOnce > 1 && all.Count > 1 && Chain is not null && Visitor is null
            && new SegmentsAtOnce(first, Chain, IsWhole, Kept(), ChecksRecords, Hasher, AtOnce).Verify(all, cancellation) is { } sound)
        {
            return sound;
        }

        var verdict = new SpoolVerdict { Origin = first.Name };
        KeptCheckpoint? kept = Kept();
        var state = new VerificationState(verdict, first, Chain, IsWhole || Chain is null, kept, new FrameHashing(kept, Visitor, Hasher));
        try
        {
            OneAfterTheOther(all, state, cancellation);
            state.Finish();
        }
        catch (SpoolFaultException broken)
        {
            verdict.Fault = broken.Fault;
        }

        state.Describe();
        return verdict;
    }

    private KeptCheckpoint? Kept() => Since is null ? null : new KeptCheckpoint(Since);

    private void OneAfterTheOther(IReadOnlyList<ISegmentBytes> segments, VerificationState state, CancellationToken cancellation)
    {
        if (segments.Count == 0)
        {
            throw new SpoolFaultException(new SpoolFault(SpoolFaultKind.Empty, "", 0, 0, "there is no segment", "name the spool's folder, or the files in it"));
        }

        SegmentWalk? walk = Open(segments[0], state);
        for (int at = 0; walk is not null; at++)
        {
            // Where a segment ends, only the next one's header says: it is read first, and believed only when its turn has come.
            SegmentWalk? next = null;
            SpoolFaultException? broken = null;
            bool isLast = at == segments.Count - 1;
            try
            {
                next = isLast ? null : Open(segments[at + 1], state);
            }
            catch (SpoolFaultException fault)
            {
                broken = fault;
            }

            SegmentVerification.Of(walk, next?.Header, isLast, state, ChecksRecords, cancellation);
            segments[at].Close();
            walk = broken is null ? next : throw new SpoolFaultException(broken.Fault with { Sequence = state.Size });
        }
    }

    private static SegmentWalk Open(ISegmentBytes bytes, VerificationState state)
    {
        try
        {
            return new SegmentWalk(bytes);
        }
        catch (AuditFormatException broken)
        {
            throw new SpoolFaultException(new SpoolFault(SpoolFaultKind.Header, bytes.Name, 0, state.Size, broken.Message, "keep a copy of the file, and compare it with a backup"));
        }
    }
}
