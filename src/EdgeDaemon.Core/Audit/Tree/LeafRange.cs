namespace EdgeDaemon.Core.Audit.Tree;

/// <summary>The leaves from <paramref name="First"/> to before <paramref name="End"/>: a subtree whose root a proof needs.</summary>
public readonly record struct LeafRange(ulong First, ulong End)
{
    public bool Contains(ulong leaf) => leaf >= First && leaf < End;
}
