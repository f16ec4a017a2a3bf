using System.Security.Cryptography;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Bundles;

/// <summary>A bundle that trust accepts: its manifest, who signed, and the release's identity in hex.</summary>
/// <param name="Expired">It, or the policy, has expired, and it goes on only because it was in service before.</param>
public sealed record VerifiedBundle(ModelManifest Manifest, BundleSigners Signers, string ReleaseDigest, bool Expired)
{
    /// <summary>The whole verdict over one bundle, in the README's order, which keeps unproven bytes from every parser.</summary>
    /// <param name="trust">The device's trust.</param>
    /// <param name="signatures">The files of <c>signatures/</c>.</param>
    /// <param name="tree">Every file of <c>content/</c>, digests of the very bytes that will be used.</param>
    /// <param name="manifest">The bytes of model.toml that <paramref name="tree"/> has the digest of.</param>
    /// <param name="manifestPath">For messages.</param>
    /// <param name="ranges">For signatures over shards; null refuses those.</param>
    /// <exception cref="BundleException">Trust refuses it.</exception>
    /// <exception cref="TomlException">model.toml is signed, but no TOML.</exception>
    /// <exception cref="TomlInvalidException">model.toml is signed, but not a manifest.</exception>
    /// <exception cref="ManifestException">The content is signed, but not what model.toml lists.</exception>
    public static VerifiedBundle Verify(
        TrustContext trust,
        IReadOnlyCollection<SignatureFile> signatures,
        IReadOnlyList<TreeFile> tree,
        ReadOnlySpan<byte> manifest,
        string manifestPath,
        RangeDigest? ranges = null)
    {
        TrustPolicy policy = trust.Policy;
        if (policy.Version < trust.History.TrustVersion)
        {
            throw new BundleException($"the trust policy has version {policy.Version}, but version {trust.History.TrustVersion} was in force on this device; install that or a newer one");
        }

        string digest = tree.Count == 0 ? "" : Bundles.ReleaseDigest.Hex(Bundles.ReleaseDigest.Compute(tree));
        bool mayOutlive = policy.ExpiredReleasesServe && trust.History.Holds(digest);
        bool expired = policy.IsExpired(trust.Now);
        if (expired && !mayOutlive)
        {
            throw new BundleException($"the trust policy expired on {policy.Expires:u}; install a newer one");
        }

        if (policy.IsRevokedRelease(digest))
        {
            throw new BundleException($"the trust policy revokes this release ({digest})");
        }

        BundleSigners signers = FindSigners(trust, signatures, tree, ranges);
        TreeFile entry = tree.FirstOrDefault(file => file.Name == ModelManifest.FileName)
            ?? throw new BundleException($"its content has no {ModelManifest.FileName}");
        if (!SHA256.HashData(manifest).AsSpan().SequenceEqual(entry.Sha256.AsSpan()))
        {
            throw new ArgumentException("These are not the bytes that the tree has the digest of.", nameof(manifest));
        }

        ModelManifest parsed = ModelManifest.Parse(manifest, manifestPath);
        parsed.CheckFiles(tree);
        CheckThreshold(policy, signers, parsed.Name);
        if (trust.Device is { } device && parsed.Targets.Fault(device) is { } elsewhere)
        {
            throw new BundleException(elsewhere);
        }

        if (parsed.Expires is { } expires && trust.Now >= expires)
        {
            expired = true;
            if (!mayOutlive)
            {
                throw new BundleException($"the release expired on {expires:u}; sign a newer one");
            }
        }

        if (!mayOutlive)
        {
            CheckCreated(parsed.Created, policy, trust.Time);
        }

        return trust.History.Fault(parsed, digest, policy.MaxSequenceJump) is { } older
            ? throw new BundleException(older)
            : new VerifiedBundle(parsed, signers, digest, expired);
    }

    // 'created' moves trusted time on a device whose clock is unset. One signer of one model must not expire everybody's releases with it.
    private static void CheckCreated(DateTimeOffset created, TrustPolicy policy, TrustedTime time)
    {
        if (created > time.Latest)
        {
            throw new BundleException($"the release was created in the future, on {created:u}, and here it is {time.Now:u}: set the clock, or the signer's");
        }

        // Who believes the one has to believe the other: at that time nothing new was accepted any more.
        if (policy.IsExpired(created))
        {
            throw new BundleException($"the release was created on {created:u}, after the trust policy's end on {policy.Expires:u}: install a newer policy, or set the signer's clock");
        }
    }

    private static BundleSigners FindSigners(
        TrustContext trust, IReadOnlyCollection<SignatureFile> signatures, IReadOnlyList<TreeFile> tree, RangeDigest? ranges)
    {
        if (signatures.Count == 0)
        {
            throw new BundleException("it has no signature; sign it with 'edgectl bundle sign'");
        }

        BundleSigners signers = BundleSigners.Find(trust.Policy, signatures, tree, trust.Now, ranges);
        return signers.Keys.IsEmpty
            ? throw new BundleException(
                $"no signature by a trusted key holds: {string.Join("; ", signers.Ignored.Select(ignored => $"{Printable.Of(ignored.File)}: {ignored.Reason}"))}")
            : signers;
    }

    private static void CheckThreshold(TrustPolicy policy, BundleSigners signers, string model)
    {
        string names = string.Join(", ", signers.Keys.Select(key => Printable.Of(key.Name)));
        int counted = signers.Keys.Count(key => key.MayRelease(model));
        if (counted == 0)
        {
            throw new BundleException($"none of its signers ({names}) may release a model named '{model}'; see 'models' in the trust policy");
        }

        int needed = policy.SignersFor(model);
        if (counted < needed)
        {
            throw new BundleException($"{counted} of its signers ({names}) may release a model named '{model}', and the trust policy asks for {needed}");
        }
    }
}
