using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles.Oms;

namespace EdgeDaemon.Core.Bundles;

/// <summary>A signature file that does not count, and why. Others may still make the bundle good.</summary>
public sealed record IgnoredSignature(string File, string Reason);

/// <summary>
/// Who signed a content tree: the keys with a good signature over all of it that are trusted, or that a trusted root vouches for, each once; and the
/// files that did not count. Nothing of the content is parsed for this.
/// </summary>
public sealed record BundleSigners(ImmutableArray<TrustedKey> Keys, ImmutableArray<IgnoredSignature> Ignored)
{
    /// <param name="trust">Decides which keys and which method; nothing in a signature file adds to it.</param>
    /// <param name="signatures">In any order.</param>
    /// <param name="tree">Every file of <c>content/</c> with the digest of the very bytes that will be used.</param>
    /// <param name="now">Trusted time, for certificates.</param>
    /// <param name="ranges">For signatures over shards; null refuses those.</param>
    public static BundleSigners Find(
        TrustPolicy trust, IEnumerable<SignatureFile> signatures, IReadOnlyList<TreeFile> tree, DateTimeOffset now, RangeDigest? ranges = null)
    {
        TrustedKey[] candidates = [.. trust.KeysFor(TrustRole.Release)];
        OmsKey[] keys = [.. candidates.Select(key => key.Key)];
        OmsAnchor[] anchors = [.. trust.Roots.Select(root => root.Anchor)];
        var options = new OmsTreeOptions { RangeDigest = ranges };
        var signers = ImmutableArray.CreateBuilder<TrustedKey>();
        var ignored = ImmutableArray.CreateBuilder<IgnoredSignature>();
        foreach (SignatureFile signature in signatures)
        {
            try
            {
                OmsVerified verified = OmsVerifier.Verify(signature.Bytes, keys, anchors, now);
                ImmutableArray<TreeFile> signed = verified.Statement.MatchTree(tree, options);
                if (signed.Length != tree.Count)
                {
                    // Ignored paths, and empty files outside the shards, are legal OMS; but nobody vouches for those files.
                    throw new OmsException(OmsFault.FileUnlisted, "it leaves files of the content unsigned");
                }

                // One key is one signer, by whatever certificate and however often it signs.
                TrustedKey signer = verified.Anchor is { } anchor
                    ? trust.Roots.First(root => ReferenceEquals(root.Anchor, anchor)).Vouched(verified)
                    : candidates.First(key => ReferenceEquals(key.Key, verified.Key));
                if (signers.All(other => other.SpkiDigestHex != signer.SpkiDigestHex))
                {
                    signers.Add(signer);
                }
            }
            catch (OmsException reason)
            {
                ignored.Add(new IgnoredSignature(signature.Name, reason.Message));
            }
        }

        return new BundleSigners(signers.ToImmutable(), ignored.ToImmutable());
    }
}
