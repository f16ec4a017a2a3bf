using System.Collections.Immutable;

namespace EdgeDaemon.Ctl.Pki;

/// <summary>The uses' words, their OIDs, and the names that they need.</summary>
internal static class PkiUses
{
    public static string Word(this PkiUse use) => use switch
    {
        PkiUse.Signer => "signer",
        PkiUse.Client => "client",
        _ => "server",
    };

    /// <summary>The one purpose in extKeyUsage (RFC 5280, 4.2.1.12): with two, a stolen server key could sign models.</summary>
    public static string Oid(this PkiUse use) => use switch
    {
        PkiUse.Signer => "1.3.6.1.5.5.7.3.3",
        PkiUse.Client => "1.3.6.1.5.5.7.3.2",
        _ => "1.3.6.1.5.5.7.3.1",
    };

    /// <summary>Null when the names will do for the use, else what is missing: peers compare alternative names, never the common name.</summary>
    public static string? Fault(this PkiUse use, ImmutableArray<AlternativeName> names)
    {
        bool Has(params AlternativeNameKind[] kinds) => names.Any(name => kinds.Contains(name.Kind));
        return use switch
        {
            PkiUse.Client when !Has(AlternativeNameKind.Uri, AlternativeNameKind.Dns) =>
                "a client is told by its alternative name: give --san uri:spiffe://your.domain/name, or dns:name",
            PkiUse.Server when !Has(AlternativeNameKind.Dns, AlternativeNameKind.Ip) =>
                "clients compare a server's alternative names with the address they call: give --san dns:host.name or ip:address",
            not PkiUse.Server when names.Any(name => name.Kind == AlternativeNameKind.Ip || name.Value.StartsWith("*.", StringComparison.Ordinal)) =>
                $"addresses and wildcards are for servers; a {use.Word()} has a name of its own",
            _ => null,
        };
    }
}
