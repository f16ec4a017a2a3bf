using System.Security.Cryptography;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Bundles;

/// <summary>A bundle that trust accepts: its manifest, who signed, and the release's identity in hex.</summary>
public sealed record VerifiedBundle(ModelManifest Manifest, BundleSigners Signers, string ReleaseDigest)
{
    /// <summary>
    /// The whole verdict over one bundle, in the order that keeps unproven bytes from every parser: trust's expiry, signatures,
    /// then model.toml, its file list, its expiry, and whether a signer may release that name.
    /// </summary>
    /// <param name="trust">The device's trust.</param>
    /// <param name="signatures">The files of <c>signatures/</c>.</param>
    /// <param name="tree">Every file of <c>content/</c>, digests of the very bytes that will be used.</param>
    /// <param name="manifest">The bytes of model.toml that <paramref name="tree"/> has the digest of.</param>
    /// <param name="manifestPath">For messages.</param>
    /// <param name="now">The time that expiry is judged by.</param>
    /// <param name="ranges">For signatures over shards; null refuses those.</param>
    /// <exception cref="BundleException">Trust refuses it.</exception>
    /// <exception cref="TomlException">model.toml is signed, but no TOML.</exception>
    /// <exception cref="TomlInvalidException">model.toml is signed, but not a manifest.</exception>
    /// <exception cref="ManifestException">The content is signed, but not what model.toml lists.</exception>
    public static VerifiedBundle Verify(
        TrustPolicy trust,
        IReadOnlyCollection<SignatureFile> signatures,
        IReadOnlyList<TreeFile> tree,
        ReadOnlySpan<byte> manifest,
        string manifestPath,
        DateTimeOffset now,
        RangeDigest? ranges = null)
    {
        if (trust.IsExpired(now))
        {
            throw new BundleException($"the trust policy expired on {trust.Expires:u}; install a newer one");
        }

        if (signatures.Count == 0)
        {
            throw new BundleException("it has no signature; sign it with 'edgectl bundle sign'");
        }

        BundleSigners signers = BundleSigners.Find(trust, signatures, tree, ranges);
        if (signers.Keys.IsEmpty)
        {
            throw new BundleException(
                $"no signature by a trusted key holds: {string.Join("; ", signers.Ignored.Select(ignored => $"{Printable.Of(ignored.File)}: {ignored.Reason}"))}");
        }

        TreeFile entry = tree.FirstOrDefault(file => file.Name == ModelManifest.FileName)
            ?? throw new BundleException($"its content has no {ModelManifest.FileName}");
        if (!SHA256.HashData(manifest).AsSpan().SequenceEqual(entry.Sha256.AsSpan()))
        {
            throw new ArgumentException("These are not the bytes that the tree has the digest of.", nameof(manifest));
        }

        ModelManifest parsed = ModelManifest.Parse(manifest, manifestPath);
        parsed.CheckFiles(tree);
        if (parsed.Expires is { } expires && now >= expires)
        {
            throw new BundleException($"the release expired on {expires:u}; sign a newer one");
        }

        if (!signers.Keys.Any(key => key.MayRelease(parsed.Name)))
        {
            throw new BundleException(
                $"none of its signers ({string.Join(", ", signers.Keys.Select(key => key.Name))}) may release a model named '{parsed.Name}'; see 'models' in the trust policy");
        }

        return new VerifiedBundle(parsed, signers, Bundles.ReleaseDigest.Hex(Bundles.ReleaseDigest.Compute(tree)));
    }
}
