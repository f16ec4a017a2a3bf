using System.Collections.Immutable;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Bundles;

/// <summary>trust.toml: which keys may release which models on this device. The verification method comes from here, never from a bundle.</summary>
public sealed class TrustPolicy
{
    private const int MostKeys = 256;

    private TrustPolicy(long version, DateTimeOffset expires, ImmutableArray<TrustedKey> keys)
    {
        Version = version;
        Expires = expires;
        Keys = keys;
    }

    /// <summary>1 or more; a later policy has a higher one.</summary>
    public long Version { get; }

    /// <summary>From then on nothing new is accepted under this policy.</summary>
    public DateTimeOffset Expires { get; }

    public ImmutableArray<TrustedKey> Keys { get; }

    public bool IsExpired(DateTimeOffset now) => now >= Expires;

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

        long version = root.RequiredInteger("version", 1, long.MaxValue);
        DateTimeOffset expires = root.RequiredDateTime("expires");
        var keys = ImmutableArray.CreateBuilder<TrustedKey>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (TomlSection table in root.Tables("key", MostKeys))
        {
            TrustedKey? read = TrustedKey.Read(table, out string name);
            // An empty text stands for a missing one, and that error stands already.
            if (name.Length > 0 && !names.Add(name))
            {
                table.ErrorAt("name", $"{TomlText.Quote(name)} is the name of an earlier key; names are unique");
            }

            if (read is not { } key)
            {
                continue;
            }

            if (keys.FirstOrDefault(other => other.SpkiDigestHex == key.SpkiDigestHex) is { } same)
            {
                // One key under two names would later count twice towards a threshold.
                table.ErrorAt("public_key", $"is the key {TomlText.Quote(same.Name)} again; a key is listed once");
            }

            keys.Add(key);
        }

        root.Finish();
        diagnostics.ThrowIfAny();
        return new TrustPolicy(version, expires, keys.ToImmutable());
    }
}
