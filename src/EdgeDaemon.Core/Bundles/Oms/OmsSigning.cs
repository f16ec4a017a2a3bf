using System.Collections.Immutable;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>What a signature holds beside the files and the key. The default is the key method over a whole tree.</summary>
public sealed record OmsSigning
{
    public static OmsSigning ByKey { get; } = new();

    /// <summary>
    /// Certificate method: the signer's certificate, then its issuers, each signed by the next; the root may be left out. Empty for
    /// the key method.
    /// </summary>
    public ImmutableArray<OmsCertificate> Chain { get; init; } = [];

    /// <summary>Certificate method: now, for an expired certificate is refused before it signs what nobody will accept.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>Canonical names, relative to the root, that are left out of the tree and recorded as such, with what lies under them.</summary>
    public ImmutableArray<string> IgnorePaths { get; init; } = [];
}
