using System.Collections.Immutable;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>SHA-256 (32 raw bytes) over the bytes [start, end) of a file of the tree that is being compared.</summary>
public delegate byte[] RangeDigest(string file, long start, long end);

/// <summary>What a tree may hold beside the signed files, and how to see its shards. The daemon's bundles need none of it.</summary>
public sealed record OmsTreeOptions
{
    public static OmsTreeOptions Strict { get; } = new();

    /// <summary>Canonical names, relative to the root, that may be there unsigned, with what lies under them: the signature file itself, for one.</summary>
    public ImmutableArray<string> IgnorePaths { get; init; } = [];

    /// <summary>Tolerates any unlisted file (<c>--ignore-unsigned-files</c> of the OMS tools). Such files are still not returned.</summary>
    public bool IgnoreUnlisted { get; init; }

    /// <summary>Needed only for statements with shards smaller than their files.</summary>
    public RangeDigest? RangeDigest { get; init; }
}
