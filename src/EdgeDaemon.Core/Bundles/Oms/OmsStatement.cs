using System.Collections.Immutable;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>
/// What an OMS signature says, checked for sense: canonical unique names, known algorithms, the root digest recomputed.
/// It is worth something only when it comes out of <see cref="OmsVerifier"/>.
/// </summary>
public sealed class OmsStatement
{
    internal OmsStatement(
        string subjectName, byte[] rootDigest, long shardSize, ImmutableArray<OmsResource> resources, ImmutableArray<string> ignorePaths)
    {
        SubjectName = subjectName;
        RootDigest = [.. rootDigest];
        ShardSize = shardSize;
        Resources = resources;
        IgnorePaths = ignorePaths;
    }

    /// <summary>Informational by contract of the specification: never decide by it.</summary>
    public string SubjectName { get; }

    /// <summary>SHA-256 over the raw digests in listed order: differs between producers of the same tree. See <see cref="ReleaseDigest"/>.</summary>
    public ImmutableArray<byte> RootDigest { get; }

    /// <summary>Bytes of a shard; 0 when whole files are listed.</summary>
    public long ShardSize { get; }

    /// <summary>In listed order, at least one.</summary>
    public ImmutableArray<OmsResource> Resources { get; }

    /// <summary>As listed by the signer; may hold paths that are not relative to the root and so match nothing.</summary>
    public ImmutableArray<string> IgnorePaths { get; }

    /// <summary>Reads a statement without regard to who signed it: for inspection. Verification goes through <see cref="OmsVerifier"/>.</summary>
    /// <exception cref="OmsException">With a fault of the JSON or the statement.</exception>
    public static OmsStatement Parse(ReadOnlyMemory<byte> payload) => OmsStatementReader.Read(payload);

    /// <summary>
    /// Compares a whole tree with the statement. Returns the files that are signed, in byte order of their names: load these and no
    /// others, since ignored files and (with method shards) empty ones may be there unsigned.
    /// </summary>
    /// <param name="files">Every file of the tree, without the top-level git names, in any order.</param>
    /// <param name="options">What else may lie in the tree; null for nothing.</param>
    /// <exception cref="OmsException">With a fault of the tree.</exception>
    /// <exception cref="ArgumentException">Two entries of <paramref name="files"/> have one name.</exception>
    public ImmutableArray<TreeFile> MatchTree(IReadOnlyList<TreeFile> files, OmsTreeOptions? options = null) =>
        OmsTreeMatch.Tree(this, files, options ?? OmsTreeOptions.Strict);

    /// <summary>Compares a model that is one file: the statement must list it alone, as <c>.</c> (Python) or by its name (specification).</summary>
    /// <exception cref="OmsException">With a fault of the tree.</exception>
    public TreeFile MatchFile(TreeFile file, OmsTreeOptions? options = null) =>
        OmsTreeMatch.SingleFile(this, file, options ?? OmsTreeOptions.Strict);
}
