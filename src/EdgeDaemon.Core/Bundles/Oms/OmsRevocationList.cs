using System.Collections.Frozen;
using System.Formats.Asn1;
using System.Security.Cryptography;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>A certificate revocation list (RFC 5280, section 5), given by the operator: complete ones only, no deltas, no indirect ones.</summary>
public sealed class OmsRevocationList
{
    /// <summary>Some 100,000 entries.</summary>
    public const int MaxBytes = 4 << 20;

    private readonly FrozenSet<string> _serials;
    private readonly OmsSignedDer _signed;
    private readonly ReadOnlyMemory<byte> _rawIssuer;

    private OmsRevocationList(OmsSignedDer signed, ReadOnlyMemory<byte> issuer, DateTimeOffset from, DateTimeOffset? until, HashSet<string> serials)
    {
        _signed = signed;
        _rawIssuer = issuer;
        Issuer = OmsCertificateReader.NameOf(issuer);
        ThisUpdate = from;
        NextUpdate = until;
        _serials = serials.ToFrozenSet(StringComparer.Ordinal);
    }

    public string Issuer { get; }

    public DateTimeOffset ThisUpdate { get; }

    /// <summary>Null when the list does not say: it is then never current.</summary>
    public DateTimeOffset? NextUpdate { get; }

    /// <summary>How many certificates it revokes.</summary>
    public int Count => _serials.Count;

    /// <summary>The one <c>X509 CRL</c> block of a PEM text; text before it is skipped.</summary>
    /// <exception cref="OmsException"><see cref="OmsFault.RevocationListMalformed"/>.</exception>
    public static OmsRevocationList FromPem(ReadOnlySpan<char> pem)
    {
        if (!PemEncoding.TryFind(pem, out PemFields block) || pem[block.Label] is not "X509 CRL" || PemEncoding.TryFind(pem[block.Location.End..], out _))
        {
            throw new OmsException(OmsFault.RevocationListMalformed, "not one PEM block 'X509 CRL'");
        }

        return FromDer(Convert.FromBase64String(pem[block.Base64Data].ToString()));
    }

    /// <exception cref="OmsException"><see cref="OmsFault.RevocationListMalformed"/>.</exception>
    public static OmsRevocationList FromDer(ReadOnlySpan<byte> der)
    {
        if (der.Length > MaxBytes)
        {
            throw new OmsException(OmsFault.RevocationListMalformed, $"a revocation list has {der.Length} bytes; at most {MaxBytes} are read");
        }

        try
        {
            OmsSignedDer signed = OmsSignedDer.Read(der.ToArray());
            return ReadBody(signed, new AsnReader(signed.Body, AsnEncodingRules.DER).ReadSequence());
        }
        catch (Exception e) when (e is AsnContentException or CryptographicException or ArgumentException)
        {
            throw new OmsException(OmsFault.RevocationListMalformed, "a revocation list is not a complete X.509 CRL in DER", e);
        }
    }

    internal bool IsNamedAfter(OmsCertificate issuer) => _rawIssuer.Span.SequenceEqual(issuer.RawSubject.Span);

    /// <summary>Signed by the key of that authority, which may sign lists.</summary>
    internal bool IsBy(OmsCertificate issuer) =>
        (issuer.KeyUsage is not { } usage || (usage & OmsKeyUsage.CrlSign) != 0) && _signed.IsBy(issuer.Spki);

    internal bool IsCurrent(DateTimeOffset time) => time >= ThisUpdate && NextUpdate is { } until && time <= until;

    internal bool Lists(OmsCertificate certificate) => _serials.Contains(certificate.Serial);

    private static OmsRevocationList ReadBody(OmsSignedDer signed, AsnReader body)
    {
        if (body.PeekTag().HasSameClassAndValue(Asn1Tag.Integer))
        {
            _ = body.TryReadInt32(out int version) && version == 1 ? version : throw new AsnContentException("not version 2");
        }

        if (!body.ReadEncodedValue().Span.SequenceEqual(signed.Algorithm.Span))
        {
            throw new AsnContentException("two algorithms");
        }

        ReadOnlyMemory<byte> issuer = body.ReadEncodedValue();
        DateTimeOffset from = OmsCertificateReader.ReadTime(body);
        DateTimeOffset? until = body.HasData && IsTime(body.PeekTag()) ? OmsCertificateReader.ReadTime(body) : null;
        var serials = new HashSet<string>(StringComparer.Ordinal);
        if (body.HasData && body.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence))
        {
            AsnReader entries = body.ReadSequence();
            while (entries.HasData)
            {
                AsnReader entry = entries.ReadSequence();
                serials.Add(OmsCertificateReader.SerialOf(entry.ReadIntegerBytes().Span));
                OmsCertificateReader.ReadTime(entry);
                if (entry.HasData)
                {
                    RefuseCritical(entry.ReadSequence());
                }

                entry.ThrowIfNotEmpty();
            }
        }

        if (body.HasData)
        {
            AsnReader wrapper = body.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0));
            RefuseCritical(wrapper.ReadSequence());
            wrapper.ThrowIfNotEmpty();
        }

        body.ThrowIfNotEmpty();
        return new OmsRevocationList(signed, issuer, from, until, serials);
    }

    // Critical ones make it a delta, an indirect or a partial list: none of those says that the rest is not revoked.
    private static void RefuseCritical(AsnReader extensions)
    {
        while (extensions.HasData)
        {
            AsnReader extension = extensions.ReadSequence();
            extension.ReadObjectIdentifier();
            if (extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean())
            {
                throw new AsnContentException("a critical extension");
            }

            extension.ReadOctetString();
            extension.ThrowIfNotEmpty();
        }
    }

    private static bool IsTime(Asn1Tag tag) => tag.HasSameClassAndValue(Asn1Tag.UtcTime) || tag.HasSameClassAndValue(Asn1Tag.GeneralizedTime);
}
