using System.Buffers.Binary;
using System.Globalization;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Records;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>Whether a tlog-proof proves its record, from the log's first public key and the epochs' certificates alone.</summary>
internal sealed class ProofCheck
{
    private const int Head = 16;

    private readonly byte[] _data;

    private ProofCheck(TlogProof proof, Checkpoint checkpoint, bool isNewestEpoch)
    {
        _data = proof.Extra.ToArray();
        Index = proof.Index;
        Checkpoint = checkpoint;
        IsNewestEpoch = isNewestEpoch;
    }

    /// <summary>The record's sequence.</summary>
    public ulong Index { get; }

    /// <summary>Microseconds of UTC since 1970.</summary>
    public long Time => BinaryPrimitives.ReadInt64LittleEndian(_data.AsSpan(8));

    public ReadOnlySpan<byte> Record => _data.AsSpan(Head);

    public Checkpoint Checkpoint { get; }

    /// <summary>Whether no certificate says that the checkpoint's epoch has ended: who held its key then could have signed anything.</summary>
    public bool IsNewestEpoch { get; }

    /// <param name="proof">The proof.</param>
    /// <param name="first">Key of epoch 0.</param>
    /// <param name="epochs">The certificates, as far as the checkpoint's epoch; may be empty for epoch 0.</param>
    /// <exception cref="CtlException">It proves nothing: why.</exception>
    public static ProofCheck Judge(TlogProof proof, NoteVerifier first, ReadOnlySpan<byte> epochs)
    {
        try
        {
            var checkpoint = Checkpoint.Of(proof.Note);
            if (checkpoint.Origin != first.Name)
            {
                throw new CtlException($"the proof is of the log {checkpoint.Origin}, and the key is of {first.Name}");
            }

            EpochChain chain = EpochChain.Read(first, epochs);
            if (checkpoint.Epoch > chain.Last)
            {
                throw new CtlException(string.Create(CultureInfo.InvariantCulture, $"the checkpoint is of epoch {checkpoint.Epoch}, and the certificates reach to epoch {chain.Last}: give the log's certificates with --epochs ('edgectl audit prove' writes them beside the proof)"));
            }

            if (!chain.Key(checkpoint.Epoch).Verify(proof.Note))
            {
                throw new CtlException(string.Create(CultureInfo.InvariantCulture, $"the checkpoint is not signed by the key of epoch {checkpoint.Epoch}, which it names"));
            }

            CheckSpan(checkpoint, chain);
            if (!proof.ProvesExtra())
            {
                throw new CtlException(string.Create(CultureInfo.InvariantCulture, $"the proof's hashes do not lead from its record {proof.Index} to the checkpoint's root: the record, its place or the proof was changed"));
            }

            RecordReader.Check(proof.Extra.Span[Head..]);
            return new ProofCheck(proof, checkpoint, checkpoint.Epoch == chain.Last);
        }
        catch (AuditFormatException broken)
        {
            throw new CtlException($"the proof is none: {broken.Message}", broken);
        }
    }

    // A key of the past signs nothing of the present, nor the other way round: its epoch has a beginning and an end in the tree.
    private static void CheckSpan(Checkpoint checkpoint, EpochChain chain)
    {
        ulong begin = checkpoint.Epoch == 0 ? 0 : chain.Certificate(checkpoint.Epoch).Size + 1;
        ulong end = checkpoint.Epoch == chain.Last ? ulong.MaxValue : chain.Certificate(checkpoint.Epoch + 1).Size;
        if (checkpoint.Size < begin || checkpoint.Size > end || (checkpoint.Epoch > 0 && checkpoint.Time < chain.Certificate(checkpoint.Epoch).Start))
        {
            throw new CtlException(string.Create(CultureInfo.InvariantCulture, $"the checkpoint of {checkpoint.Size} records lies outside its epoch {checkpoint.Epoch}: it was signed with a key of another time"));
        }
    }
}
