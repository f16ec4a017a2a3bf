using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles.Oms;

namespace EdgeDaemon.Core.Tls;

/// <summary>What a client's certificate calls it: names count only where there is exactly one of the kind, for a caller has one identity.</summary>
/// <param name="Uri">The one URI; null without one, with two, or with one that is no text for a name or would read like a caller of another kind.</param>
/// <param name="Dns">The one DNS name, the same.</param>
public readonly record struct ClientNames(string? Uri, string? Dns)
{
    private const int Longest = 2048;

    public static ClientNames Of(OmsCertificate leaf) => new(
        Only(leaf.AlternativeNames, "uri:") is { } uri && !uri.StartsWith("dns:", StringComparison.OrdinalIgnoreCase) && !uri.StartsWith("sha256:", StringComparison.OrdinalIgnoreCase) ? uri : null,
        Only(leaf.AlternativeNames, "dns:"));

    // What is no name still counts: of two, one of them odd, neither is the only one.
    private static string? Only(ImmutableArray<string> names, string kind)
    {
        string? only = null;
        foreach (string name in names)
        {
            if (name.StartsWith(kind, StringComparison.Ordinal))
            {
                if (only is not null)
                {
                    return null;
                }

                only = name[kind.Length..];
            }
        }

        // Names stand in logs, records and tokens: one line, one spelling.
        return only is { Length: > 0 and <= Longest } && only.All(c => c is > ' ' and < '\x7f') ? only : null;
    }
}
