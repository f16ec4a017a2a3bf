using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Tree;

namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>
/// A checkpoint that was kept elsewhere: the only evidence against cutting off the newest records, or writing the open epoch anew. Since the whole tree is
/// computed, no proof is needed: at its size, the root is the same or it is not.
/// </summary>
internal sealed class KeptCheckpoint(SignedNote note)
{
    private const string Compare = "somebody who held the log's key, or the disk, wrote another log: keep both, and ask where the checkpoint was kept";

    private readonly Checkpoint _checkpoint = Checkpoint.Of(note);
    private Func<ulong, NoteVerifier?> _key = _ => null;

    public bool IsFound { get; private set; }

    public ulong Size => _checkpoint.Size;

    /// <summary>The log begins.</summary>
    /// <param name="edge">What is before its first segment.</param>
    /// <param name="origin">Its origin.</param>
    /// <param name="key">The key of an epoch, or null where it is not known (yet).</param>
    public void Begin(TreeEdge edge, string origin, Func<ulong, NoteVerifier?> key)
    {
        _key = key;
        if (_checkpoint.Origin != origin)
        {
            throw Broken(SpoolFaultKind.Origin, edge.Size, $"the checkpoint kept elsewhere is of {_checkpoint.Origin}, and the log is {origin}", "give a checkpoint of this log");
        }

        if (_checkpoint.Size < edge.Size)
        {
            throw Broken(SpoolFaultKind.TooOld, edge.Size, $"the checkpoint kept elsewhere has size {_checkpoint.Size}, and the log begins at {edge.Size}", "give a newer checkpoint, or the segments that were removed");
        }
    }

    /// <summary>The log has this edge on its way.</summary>
    public void Meet(TreeEdge edge)
    {
        if (IsFound || edge.Size != _checkpoint.Size)
        {
            return;
        }

        Span<byte> root = stackalloc byte[TreeHash.Length];
        edge.Root(root);
        if (!root.SequenceEqual(_checkpoint.Root.Span))
        {
            RequireSigned(edge.Size); // An unsigned claim is no evidence against the log.
            throw Broken(SpoolFaultKind.Inconsistent, edge.Size, $"the first {_checkpoint.Size} records are not those that the checkpoint kept elsewhere has signed", Compare);
        }

        IsFound = true;
    }

    /// <summary>The log has come to its end.</summary>
    public void Finish(ulong size)
    {
        bool known = RequireSigned(size);
        if (!IsFound)
        {
            string note = known ? "" : $"; it names epoch {_checkpoint.Epoch}, which the log does not have, so its signature could not be verified";
            throw Broken(SpoolFaultKind.CutOff, size, $"the log ends at size {size}, and the checkpoint kept elsewhere has size {_checkpoint.Size}{note}", "records were cut off: find out by whom");
        }

        // Its epoch is unknown, and still the root is that of these records: what came between was cut off.
        if (!known)
        {
            throw Broken(SpoolFaultKind.Epoch, size, $"the checkpoint kept elsewhere names epoch {_checkpoint.Epoch}, which the log does not have", "records were cut off, or the checkpoint is of a copy");
        }
    }

    private bool RequireSigned(ulong size)
    {
        NoteVerifier? signer = _key(_checkpoint.Epoch);
        return signer is null || signer.Verify(note)
            ? signer is not null
            : throw Broken(SpoolFaultKind.Signature, size, $"the checkpoint kept elsewhere is not signed by the key of epoch {_checkpoint.Epoch}", "it says nothing about this log: give another one");
    }

    private static SpoolFaultException Broken(SpoolFaultKind kind, ulong sequence, string what, string remedy) => new(new SpoolFault(kind, "", 0, sequence, what, remedy));
}
