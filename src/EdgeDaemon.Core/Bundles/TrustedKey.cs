using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Bundles;

/// <summary>One key of the trust policy.</summary>
/// <param name="Name">The operator's name for it, for logs and status.</param>
/// <param name="Models">Patterns of model names, <c>*</c> any run of characters and <c>?</c> any one.</param>
public sealed record TrustedKey(string Name, OmsKey Key, ImmutableArray<TrustRole> Roles, ImmutableArray<string> Models)
{
    internal const int MostPatterns = 256;

    /// <summary>The key's identity: SHA-256 of its SPKI, 64 lower-case hex digits.</summary>
    public string SpkiDigestHex { get; } = SpkiDigest.Hex(Key.Digest.AsSpan());

    /// <summary>May its signature put a model of that name into service?</summary>
    public bool MayRelease(string model) => Roles.Contains(TrustRole.Release) && Models.Any(pattern => NamePattern.Matches(pattern, model));

    /// <summary>Null when the public key is missing or unusable; the name is known even then.</summary>
    internal static TrustedKey? Read(TomlSection table, out string name)
    {
        name = table.RequiredString("name", 64, text => text.Length > 0 && !text.Any(char.IsControl) ? null : "must be 1 to 64 printable characters");
        ImmutableArray<TrustRole> roles = table.RequiredChoices("roles", ("release", TrustRole.Release), ("trust", TrustRole.Trust));
        ImmutableArray<string> models = table.Has("models") || roles.Contains(TrustRole.Release) || roles.IsEmpty
            ? table.RequiredStrings("models", MostPatterns, ModelName.MaxLength, NamePattern.Fault)
            : [];
        string pem = table.RequiredString("public_key", 16 * 1024, text => text.Length > 0 ? null : "must be a public key in PEM");
        if (pem.Length == 0)
        {
            return null;
        }

        try
        {
            return new TrustedKey(name, OmsKey.FromPem(pem), roles, models);
        }
        catch (OmsException unusable)
        {
            table.ErrorAt("public_key", unusable.Message);
            return null;
        }
    }
}

/// <summary>What a trusted key may sign.</summary>
public enum TrustRole
{
    /// <summary>Models.</summary>
    Release,

    /// <summary>The next version of the policy.</summary>
    Trust,
}
