using EdgeDaemon.Core.Protocol;

namespace EdgeDaemon.Audit;

/// <summary>What a caller that asked for it is told of its record: kept elsewhere, it shows whether the log was cut or written anew since.</summary>
/// <param name="Sequence">The record's number; -1: it was left out, as the policy allows.</param>
/// <param name="Checkpoint">The newest; it does not cover the record yet. Null before the first.</param>
internal readonly record struct AuditReceipt(long Sequence, CheckpointMade? Checkpoint)
{
    /// <summary>As parameters of the answer, the same on both wires.</summary>
    public ResponseParameter[] Parameters() => Checkpoint is { } made
        ?
        [
            ResponseParameter.Of("audit_sequence", Sequence),
            ResponseParameter.Of("audit_tree_size", made.Size),
            ResponseParameter.Of("audit_root", Convert.ToBase64String(made.Root.Span)),
        ]
        : [ResponseParameter.Of("audit_sequence", Sequence)];
}
