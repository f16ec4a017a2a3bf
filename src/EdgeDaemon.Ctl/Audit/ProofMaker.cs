using System.Globalization;
using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Core.Audit.Tree;
using EdgeDaemon.Native.OpenSsl;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>Makes a C2SP tlog-proof of one record: its place under a checkpoint, and its own bytes; nothing of the other records but hashes.</summary>
internal static class ProofMaker
{
    /// <param name="reader">The log, which throws at what is damaged.</param>
    /// <param name="sequence">The record's.</param>
    /// <param name="note">A checkpoint of the log behind the record.</param>
    /// <exception cref="CtlException">The record is not there, or not under that checkpoint.</exception>
    public static TlogProof Make(SpoolReader reader, long sequence, SignedNote note)
    {
        var checkpoint = Checkpoint.Of(note);
        if ((ulong)sequence >= checkpoint.Size)
        {
            throw new CtlException(string.Create(CultureInfo.InvariantCulture, $"record {sequence} is not under the checkpoint of {checkpoint.Size} records: the newest checkpoint seals what came before it; wait for the next ('checkpoint_seconds' of [audit])"));
        }

        reader.SeekSegment(0);
        TreeEdge before = reader.Cursor.Segment.Header.Edge;
        if ((ulong)sequence < before.Size)
        {
            throw new CtlException(string.Create(CultureInfo.InvariantCulture, $"record {sequence} was removed by retention: the oldest that is there is {before.Size}"));
        }

        var collector = new ProofCollector(InclusionProof.Ranges((ulong)sequence, checkpoint.Size), before, HasherChoice.Fastest);
        byte[] data = Collect(reader, (ulong)sequence, checkpoint.Size, collector);
        var proof = new TlogProof { Index = (ulong)sequence, Hashes = collector.Proof(), Extra = data, Note = note };

        // Nobody is handed a proof that proves nothing: the log may have been changed since it was verified.
        return proof.ProvesExtra()
            ? proof
            : throw new CtlException("the records do not make up the checkpoint's root: 'edgectl audit verify' says where");
    }

    private static byte[] Collect(SpoolReader reader, ulong sequence, ulong size, ProofCollector collector)
    {
        byte[] data = [];
        Span<byte> leaf = stackalloc byte[TreeHash.Length];
        ulong next = reader.Cursor.Segment.Header.FirstSequence;
        while (next < size && reader.Read())
        {
            if (reader.Sequence != (long)next)
            {
                throw new CtlException(string.Create(CultureInfo.InvariantCulture, $"a batch of records was given up while this read them, at record {next}: try again"));
            }

            HasherChoice.Fastest.Hash(Frame.PrefixedLeaf(reader.Present), leaf);
            collector.Append(leaf);
            if (next == sequence)
            {
                data = LeafData(reader.Present);
            }

            next++;
        }

        return next == size ? data : throw new CtlException(string.Create(CultureInfo.InvariantCulture, $"the log ends at record {next}, before the checkpoint of {size} records: 'edgectl audit verify --since' it"));
    }

    // Sequence, time and record: what the leaf's hash is over, without RFC 6962's prefix.
    private static byte[] LeafData(ReadOnlySpan<byte> frame) => Frame.PrefixedLeaf(frame)[1..].ToArray();
}
