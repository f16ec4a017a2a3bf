using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Bundles;

/// <summary>One root certificate of the trust policy: whoever it vouches for may release models of these names.</summary>
/// <param name="Name">The operator's name for it.</param>
/// <param name="Models">Patterns of model names.</param>
public sealed record TrustedRoot(string Name, OmsAnchor Anchor, ImmutableArray<string> Models)
{
    private const int MostSigners = 1024;
    private const int LongestSigner = 256;

    private const int MostLists = 16;
    private const int LongestPem = 512 * 1024;

    private static readonly string[] Kinds = ["spki:", "uri:", "dns:", "email:", "subject:"];

    /// <param name="table">The table.</param>
    /// <param name="revokedKeys">Digests of keys that no certificate of a chain may have.</param>
    /// <param name="name">Its name.</param>
    /// <returns>Null when the certificate is missing or unusable; the name is known even then.</returns>
    internal static TrustedRoot? Read(TomlSection table, ImmutableArray<string> revokedKeys, out string name)
    {
        name = table.RequiredString("name", 64, text => text.Length > 0 && !text.Any(char.IsControl) ? null : "must be 1 to 64 printable characters");
        ImmutableArray<string> models = table.RequiredStrings("models", TrustedKey.MostPatterns, ModelName.MaxLength, NamePattern.Fault);
        ImmutableArray<string> signers = table.Has("signers") ? table.RequiredStrings("signers", MostSigners, LongestSigner, SignerFault) : [];
        ImmutableArray<string> lists = table.Has("revocation_lists") ? table.RequiredStrings("revocation_lists", MostLists, LongestPem) : [];
        bool withoutUsage = table.Boolean("allow_missing_extended_key_usage", false);
        bool required = table.Boolean("require_revocation_lists", false);
        string pem = table.RequiredString("certificate", 64 * 1024, text => text.Length > 0 ? null : "must be a certificate in PEM");
        if (pem.Length == 0)
        {
            return null;
        }

        try
        {
            var rules = new OmsAnchorRules
            {
                AllowedSpki = Of(signers, "spki:", keepKind: false),
                AllowedSubjects = Of(signers, "subject:", keepKind: false),
                AllowedNames = [.. Of(signers, "uri:"), .. Of(signers, "dns:"), .. Of(signers, "email:")],
                RelaxUsage = withoutUsage,
                DeniedSpki = revokedKeys,
                RevocationLists = [.. lists.Select(list => OmsRevocationList.FromPem(list))],
                RequireRevocationLists = required,
            };
            return new TrustedRoot(name, OmsAnchor.FromPem(pem, rules), models);
        }
        catch (Exception unusable) when (unusable is OmsException or FormatException)
        {
            table.ErrorAt("certificate", unusable.Message);
            return null;
        }
    }

    /// <summary>The key that this root vouched for, as one that counts like a listed key.</summary>
    internal TrustedKey Vouched(OmsVerified verified) => new($"{Name}: {Printable.Of(verified.Leaf?.Subject ?? "")}", verified.Key, [TrustRole.Release], Models);

    private static ImmutableArray<string> Of(ImmutableArray<string> signers, string kind, bool keepKind = true) =>
        [.. signers.Where(signer => signer.StartsWith(kind, StringComparison.Ordinal)).Select(signer => keepKind ? signer : signer[kind.Length..])];

    private static string? SignerFault(string text) =>
        Kinds.Any(kind => text.Length > kind.Length && text.StartsWith(kind, StringComparison.Ordinal)) && !text.Any(char.IsControl)
            ? null
            : "must be one of spki:<64 hex digits>, uri:..., dns:..., email:..., subject:<as CN=..., O=...>";
}
