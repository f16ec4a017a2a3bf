using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;

namespace EdgeDaemon.Core.Tls;

/// <summary>A revocation list whose signature one of the authorities made; checked once, when it is read.</summary>
public sealed class ClientRevocationList
{
    private readonly OmsRevocationList _list;
    private readonly ImmutableArray<string> _issuerKeys;

    private ClientRevocationList(OmsRevocationList list, ImmutableArray<string> issuerKeys)
    {
        _list = list;
        _issuerKeys = issuerKeys;
    }

    public string Issuer => Printable.Of(_list.Issuer);

    public DateTimeOffset ThisUpdate => _list.ThisUpdate;

    /// <summary>Null when the list does not say: it is then never current.</summary>
    public DateTimeOffset? NextUpdate => _list.NextUpdate;

    /// <param name="bytes">DER, or PEM text.</param>
    /// <param name="authorities">One of them must have signed it.</param>
    /// <exception cref="OmsException">Malformed, or by somebody else.</exception>
    public static ClientRevocationList Read(ReadOnlySpan<byte> bytes, ClientAuthorities authorities)
    {
        const byte Sequence = 0x30;
        OmsRevocationList list = bytes.Length > 0 && bytes[0] == Sequence ? OmsRevocationList.FromDer(bytes) : OmsRevocationList.FromPem(System.Text.Encoding.Latin1.GetString(bytes));
        OmsCertificate[] named = [.. authorities.Roots.Concat(authorities.Intermediates).Where(list.IsNamedAfter)];
        if (named.Length == 0)
        {
            throw new OmsException(OmsFault.RevocationListMissing, $"it is the list of '{Printable.Of(list.Issuer)}', whose certificate is not in client_roots; put it there");
        }

        ImmutableArray<string> keys = [.. named.Where(list.IsBy).Select(authority => authority.SpkiDigestHex).Distinct(StringComparer.Ordinal)];
        return keys.Length > 0
            ? new ClientRevocationList(list, keys)
            : throw new OmsException(OmsFault.RevocationListForged, $"it is not signed by the key of '{Printable.Of(list.Issuer)}' that client_roots has; get it from that authority again");
    }

    public bool IsCurrent(DateTimeOffset time) => _list.IsCurrent(time);

    internal bool IsOf(OmsCertificate issuer) => _issuerKeys.Contains(issuer.SpkiDigestHex) && _list.IsNamedAfter(issuer);

    internal bool Lists(OmsCertificate certificate) => _list.Lists(certificate);
}
