using System.Collections.Frozen;
using System.Collections.Immutable;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Bundles;

/// <summary>trust.toml: who may release which models on this device. The verification method comes from here, never from a bundle.</summary>
public sealed class TrustPolicy
{
    /// <summary>More signatures than anybody collects.</summary>
    public const int MostSigners = 64;

    private const int MostKeys = 256;
    private const int MostRules = 256;
    private const int MostRevoked = 65_536;
    private const long UsualJump = 1 << 20;

    private readonly ImmutableArray<ThresholdRule> _rules;
    private readonly FrozenSet<string> _revokedKeys;
    private readonly FrozenSet<string> _revokedReleases;

    private TrustPolicy(TomlSection root, ImmutableArray<TrustedKey> keys, ImmutableArray<TrustedRoot> roots, ImmutableArray<ThresholdRule> rules, ImmutableArray<Revocation> revoked)
    {
        Version = root.RequiredInteger("version", 1, long.MaxValue);
        Expires = root.RequiredDateTime("expires");
        Threshold = root.Integer("threshold", 1, 1, MostSigners);
        TrustThreshold = root.Integer("trust_threshold", 1, 1, MostSigners);
        MaxSequenceJump = root.Integer("max_sequence_jump", UsualJump, 1L, 1L << 62);
        ExpiredReleasesServe = root.Choice("expired_releases", true, ("serve", true), ("refuse", false));
        Keys = keys;
        Roots = roots;
        Revoked = revoked;
        _rules = rules;
        _revokedKeys = revoked.Where(entry => entry.Key is not null).Select(entry => entry.Key!).ToFrozenSet(StringComparer.Ordinal);
        _revokedReleases = revoked.Where(entry => entry.Release is not null).Select(entry => entry.Release!).ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>1 or more; a later policy has a higher one.</summary>
    public long Version { get; }

    /// <summary>From then on nothing new is accepted under this policy.</summary>
    public DateTimeOffset Expires { get; }

    /// <summary>Distinct signers that a release needs when no rule asks for more.</summary>
    public int Threshold { get; }

    /// <summary>Distinct keys of role <see cref="TrustRole.Trust"/> that the next version needs.</summary>
    public int TrustThreshold { get; }

    /// <summary>How far a new release's sequence may lie above the highest accepted.</summary>
    public long MaxSequenceJump { get; }

    /// <summary>Releases in service go on when they, or this policy, expire.</summary>
    public bool ExpiredReleasesServe { get; }

    public ImmutableArray<TrustedKey> Keys { get; }

    /// <summary>Roots that vouch for signers by certificate.</summary>
    public ImmutableArray<TrustedRoot> Roots { get; }

    public ImmutableArray<Revocation> Revoked { get; }

    public ImmutableArray<ThresholdRule> Rules => _rules;

    public bool IsExpired(DateTimeOffset now) => now >= Expires;

    /// <summary>Distinct signers that a release of this name needs: the highest that any rule asks for.</summary>
    public int SignersFor(string model) =>
        _rules.Where(rule => rule.Models.Any(pattern => NamePattern.Matches(pattern, model))).Select(rule => rule.Threshold).Append(Threshold).Max();

    /// <param name="spkiDigestHex">64 lower-case hex digits.</param>
    public bool IsRevokedKey(string spkiDigestHex) => _revokedKeys.Contains(spkiDigestHex);

    /// <param name="releaseDigest">64 lower-case hex digits.</param>
    public bool IsRevokedRelease(string releaseDigest) => _revokedReleases.Contains(releaseDigest);

    /// <summary>The keys that count for a role: listed with it, and not revoked.</summary>
    public IEnumerable<TrustedKey> KeysFor(TrustRole role) => Keys.Where(key => key.Roles.Contains(role) && !IsRevokedKey(key.SpkiDigestHex));

    /// <exception cref="TomlException">The text is no TOML 1.0.</exception>
    /// <exception cref="TomlInvalidException">It is, but not a valid policy: every error at once.</exception>
    public static TrustPolicy Parse(ReadOnlySpan<byte> utf8, string file)
    {
        var diagnostics = new TomlDiagnostics(file);
        var root = new TomlSection(TomlReader.Read(utf8, file), diagnostics);
        if (!root.Format(1))
        {
            diagnostics.ThrowIfAny();
        }

        ImmutableArray<ThresholdRule> rules = [.. root.Tables("rule", MostRules).Select(ThresholdRule.Read)];
        ImmutableArray<Revocation> revoked = [.. root.Tables("revoked", MostRevoked).Select(Revocation.Read)];
        ImmutableArray<TrustedKey> keys = ReadKeys(root);
        ImmutableArray<TrustedRoot> roots = ReadRoots(root, keys, [.. revoked.Select(entry => entry.Key).OfType<string>()]);
        var policy = new TrustPolicy(root, keys, roots, rules, revoked);
        root.Finish();
        policy.CheckReachable(root);
        diagnostics.ThrowIfAny();
        return policy;
    }

    private static ImmutableArray<TrustedKey> ReadKeys(TomlSection root)
    {
        var keys = ImmutableArray.CreateBuilder<TrustedKey>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (TomlSection table in root.Tables("key", MostKeys))
        {
            TrustedKey? key = TrustedKey.Read(table, out string name);
            if (name.Length > 0 && !names.Add(name))
            {
                table.ErrorAt("name", $"{TomlText.Quote(name)} is the name of an earlier key; names are unique");
            }

            if (key is null)
            {
                continue;
            }

            // Two names for one key would let it count twice.
            if (keys.FirstOrDefault(other => other.SpkiDigestHex == key.SpkiDigestHex) is { } same)
            {
                table.ErrorAt("public_key", $"is the key {TomlText.Quote(same.Name)} again; a key is listed once");
            }

            keys.Add(key);
        }

        return keys.ToImmutable();
    }

    private static ImmutableArray<TrustedRoot> ReadRoots(TomlSection root, ImmutableArray<TrustedKey> keys, ImmutableArray<string> revokedKeys)
    {
        var roots = ImmutableArray.CreateBuilder<TrustedRoot>();
        var names = new HashSet<string>(keys.Select(key => key.Name), StringComparer.Ordinal);
        foreach (TomlSection table in root.Tables("root", MostKeys))
        {
            TrustedRoot? read = TrustedRoot.Read(table, revokedKeys, out string name);
            if (name.Length > 0 && !names.Add(name))
            {
                table.ErrorAt("name", $"{TomlText.Quote(name)} is the name of an earlier key or root; names are unique");
            }

            if (read is not null)
            {
                roots.Add(read);
            }
        }

        return roots.ToImmutable();
    }

    // A threshold that nobody can meet would be found out when the next release is refused, in the field.
    private void CheckReachable(TomlSection root)
    {
        int release = KeysFor(TrustRole.Release).Count();
        int trust = KeysFor(TrustRole.Trust).Count();
        if (release > 0 && Roots.IsEmpty && Threshold > release)
        {
            root.ErrorAt("threshold", $"asks for {Threshold} signers, but only {release} listed keys may release");
        }

        if (root.Has("trust_threshold") && TrustThreshold > trust)
        {
            root.ErrorAt("trust_threshold", $"asks for {TrustThreshold} signers, but only {trust} listed keys have the role \"trust\"");
        }
    }
}
