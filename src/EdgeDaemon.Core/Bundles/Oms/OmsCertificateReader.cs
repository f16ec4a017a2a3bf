using System.Collections;
using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>X.509 version 3 (RFC 5280, section 4) from strict DER: one spelling for each certificate, nothing after it.</summary>
internal static class OmsCertificateReader
{
    private const string KeyUsage = "2.5.29.15";
    private const string AlternativeName = "2.5.29.17";
    private const string BasicConstraints = "2.5.29.19";
    private const string NameConstraints = "2.5.29.30";
    private const string ExtendedKeyUsage = "2.5.29.37";

    public static OmsCertificate Read(ReadOnlyMemory<byte> der)
    {
        if (der.Length > OmsCertificate.MaxBytes)
        {
            throw new OmsException(OmsFault.CertificateMalformed, $"a certificate has {der.Length} bytes; at most {OmsCertificate.MaxBytes} are read");
        }

        try
        {
            return ReadBody(der, OmsSignedDer.Read(der));
        }
        catch (Exception e) when (e is AsnContentException or CryptographicException or ArgumentException or OverflowException)
        {
            throw new OmsException(OmsFault.CertificateMalformed, "a certificate is not X.509 version 3 in DER", e);
        }
    }

    /// <summary>Lower-case hex of the magnitude, as <see cref="OmsCertificate.Serial"/> has it.</summary>
    public static string SerialOf(ReadOnlySpan<byte> integer)
    {
        string hex = Convert.ToHexStringLower(integer).TrimStart('0');
        return hex.Length == 0 ? "0" : hex;
    }

    public static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime(2049) : reader.ReadGeneralizedTime();

    /// <summary>The name as people write it; two names may share it, so trust in issuers compares the bytes.</summary>
    public static string NameOf(ReadOnlyMemory<byte> raw) => new X500DistinguishedName(raw.Span).Name;

    private static OmsCertificate ReadBody(ReadOnlyMemory<byte> der, OmsSignedDer signed)
    {
        AsnReader body = new AsnReader(signed.Body, AsnEncodingRules.DER).ReadSequence();
        AsnReader version = body.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0));
        if (!version.TryReadInt32(out int number) || number != 2)
        {
            throw new AsnContentException("not version 3");
        }

        ReadOnlyMemory<byte> serial = body.ReadIntegerBytes();

        // Twice in the certificate, once signed: they must agree.
        if (!body.ReadEncodedValue().Span.SequenceEqual(signed.Algorithm.Span))
        {
            throw new AsnContentException("two algorithms");
        }

        ReadOnlyMemory<byte> issuer = body.ReadEncodedValue();
        AsnReader validity = body.ReadSequence();
        DateTimeOffset notBefore = ReadTime(validity);
        DateTimeOffset notAfter = ReadTime(validity);
        validity.ThrowIfNotEmpty();
        ReadOnlyMemory<byte> subject = body.ReadEncodedValue();
        ReadOnlyMemory<byte> spki = body.ReadEncodedValue();
        Dictionary<string, ReadOnlyMemory<byte>> extensions = ReadExtensions(body, out string? unsupported);
        (bool authority, int? length) = extensions.TryGetValue(BasicConstraints, out var basic) ? ReadConstraints(basic) : (false, null);
        return new OmsCertificate(der, signed)
        {
            Serial = SerialOf(serial.Span),
            RawIssuer = issuer,
            Issuer = NameOf(issuer),
            RawSubject = subject,
            Subject = NameOf(subject),
            NotBefore = notBefore,
            NotAfter = notAfter,
            Spki = spki,
            SpkiDigestHex = SpkiDigest.Hex(SpkiDigest.Of(spki.Span)),
            IsAuthority = authority,
            PathLength = length,
            KeyUsage = extensions.TryGetValue(KeyUsage, out var usage) ? ReadUsage(usage) : null,
            ExtendedUsages = extensions.TryGetValue(ExtendedKeyUsage, out var extended) ? ReadOids(extended) : null,
            AlternativeNames = extensions.TryGetValue(AlternativeName, out var names) ? ReadNames(names) : [],
            Unsupported = unsupported,
        };
    }

    private static Dictionary<string, ReadOnlyMemory<byte>> ReadExtensions(AsnReader body, out string? unsupported)
    {
        unsupported = null;
        var read = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        var at = new Asn1Tag(TagClass.ContextSpecific, 3);

        // The unique identifiers of version 2 may stand before; nothing uses them.
        while (body.HasData && !body.PeekTag().HasSameClassAndValue(at))
        {
            int tag = body.PeekTag().TagValue;
            _ = body.PeekTag().TagClass == TagClass.ContextSpecific && tag is 1 or 2 ? body.ReadEncodedValue() : throw new AsnContentException("unknown member");
        }

        if (!body.HasData)
        {
            return read;
        }

        AsnReader wrapper = body.ReadSequence(at);
        body.ThrowIfNotEmpty();
        AsnReader list = wrapper.ReadSequence();
        wrapper.ThrowIfNotEmpty();
        while (list.HasData)
        {
            AsnReader extension = list.ReadSequence();
            string oid = extension.ReadObjectIdentifier();
            bool critical = extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();

            // Twice: two readers would see two certificates.
            if (!read.TryAdd(oid, extension.ReadOctetString()))
            {
                throw new AsnContentException("an extension twice");
            }

            extension.ThrowIfNotEmpty();
            bool known = oid is KeyUsage or AlternativeName or BasicConstraints or ExtendedKeyUsage;

            // Name constraints narrow what an authority may vouch for; ignoring them, critical or not, would widen it.
            if (oid == NameConstraints || (critical && !known))
            {
                unsupported = oid;
            }
        }

        return read;
    }

    private static (bool Authority, int? Length) ReadConstraints(ReadOnlyMemory<byte> der)
    {
        AsnReader value = Sequence(der);
        bool authority = value.HasData && value.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && value.ReadBoolean();
        int? length = null;
        if (value.HasData)
        {
            length = value.TryReadInt32(out int read) && read >= 0 ? read : throw new AsnContentException("path length");
        }

        value.ThrowIfNotEmpty();
        return (authority, length);
    }

    private static OmsKeyUsage ReadUsage(ReadOnlyMemory<byte> der)
    {
        var reader = new AsnReader(der, AsnEncodingRules.DER);
        BitArray bits = reader.ReadNamedBitList();
        reader.ThrowIfNotEmpty();
        OmsKeyUsage usage = OmsKeyUsage.None;
        for (int bit = 0; bit < Math.Min(bits.Length, 9); bit++)
        {
            usage |= bits[bit] ? (OmsKeyUsage)(1 << bit) : 0;
        }

        return usage;
    }

    private static ImmutableArray<string> ReadOids(ReadOnlyMemory<byte> der)
    {
        AsnReader list = Sequence(der);
        var oids = ImmutableArray.CreateBuilder<string>();
        while (list.HasData)
        {
            oids.Add(list.ReadObjectIdentifier());
        }

        return oids.ToImmutable();
    }

    private static ImmutableArray<string> ReadNames(ReadOnlyMemory<byte> der)
    {
        AsnReader list = Sequence(der);
        var names = ImmutableArray.CreateBuilder<string>();
        while (list.HasData)
        {
            Asn1Tag tag = list.PeekTag();
            string? kind = tag.TagClass != TagClass.ContextSpecific ? null : tag.TagValue switch { 1 => "email:", 2 => "dns:", 6 => "uri:", _ => null };
            if (kind is null)
            {
                list.ReadEncodedValue();
                continue;
            }

            names.Add(kind + list.ReadCharacterString(UniversalTagNumber.IA5String, tag));
        }

        return names.ToImmutable();
    }

    private static AsnReader Sequence(ReadOnlyMemory<byte> der)
    {
        var reader = new AsnReader(der, AsnEncodingRules.DER);
        AsnReader inner = reader.ReadSequence();
        reader.ThrowIfNotEmpty();
        return inner;
    }
}
