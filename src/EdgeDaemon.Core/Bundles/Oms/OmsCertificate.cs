using System.Collections.Immutable;
using System.Security.Cryptography;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>
/// An X.509 certificate taken apart, nothing proven: what the rules of the certificate method look at, and no more. Immutable and
/// free to share between threads; it holds no handle of a native library.
/// </summary>
public sealed class OmsCertificate
{
    /// <summary>Larger ones are refused unread: a chain is read before anything is proven.</summary>
    public const int MaxBytes = 16 * 1024;

    internal OmsCertificate(ReadOnlyMemory<byte> der, OmsSignedDer signed)
    {
        Der = der;
        Signed = signed;
    }

    /// <summary>The whole certificate, nothing after it.</summary>
    public ReadOnlyMemory<byte> Der { get; }

    /// <summary>Subject as text, for people and allow-lists: <c>CN=Signer, O=Example</c>, the last part of the certificate first (RFC 4514's order).</summary>
    public string Subject { get; internal init; } = "";

    /// <summary>Issuer as text, in the same form.</summary>
    public string Issuer { get; internal init; } = "";

    /// <summary>Serial number: lower-case hex of its magnitude without leading zeros.</summary>
    public string Serial { get; internal init; } = "";

    /// <summary>First second of validity, UTC.</summary>
    public DateTimeOffset NotBefore { get; internal init; }

    /// <summary>Last second of validity, UTC.</summary>
    public DateTimeOffset NotAfter { get; internal init; }

    /// <summary>SHA-256 of the SubjectPublicKeyInfo, 64 lower-case hex digits: the identity of whoever holds the key.</summary>
    public string SpkiDigestHex { get; internal init; } = "";

    /// <summary><c>dns:</c>, <c>email:</c> or <c>uri:</c> and the name, as the certificate spells it; other kinds are left out.</summary>
    public ImmutableArray<string> AlternativeNames { get; internal init; } = [];

    /// <summary>basicConstraints is there and says CA.</summary>
    public bool IsAuthority { get; internal init; }

    /// <summary>How many authorities may follow below this one; null for no bound.</summary>
    public int? PathLength { get; internal init; }

    /// <summary>DER of the SubjectPublicKeyInfo.</summary>
    internal ReadOnlyMemory<byte> Spki { get; init; }

    /// <summary>DER of the names: compared as bytes, as RFC 5280 has authorities write them.</summary>
    internal ReadOnlyMemory<byte> RawSubject { get; init; }

    internal ReadOnlyMemory<byte> RawIssuer { get; init; }

    /// <summary>Null without the extension, which then forbids nothing.</summary>
    internal OmsKeyUsage? KeyUsage { get; init; }

    /// <summary>OIDs of extKeyUsage; null without the extension.</summary>
    internal ImmutableArray<string>? ExtendedUsages { get; init; }

    /// <summary>OID of a critical extension that is not understood here, or of nameConstraints: such a certificate is never used.</summary>
    internal string? Unsupported { get; init; }

    internal OmsSignedDer Signed { get; }

    internal bool IsSelfIssued => RawSubject.Span.SequenceEqual(RawIssuer.Span);

    /// <summary>The certificate from its DER.</summary>
    /// <exception cref="OmsException"><see cref="OmsFault.CertificateMalformed"/>.</exception>
    public static OmsCertificate FromDer(ReadOnlySpan<byte> der) => OmsCertificateReader.Read(der.ToArray());

    /// <summary>Every <c>CERTIFICATE</c> block of a PEM text, in order; text around the blocks is skipped.</summary>
    /// <exception cref="OmsException"><see cref="OmsFault.CertificateMalformed"/>, also for none and for blocks of another kind.</exception>
    public static ImmutableArray<OmsCertificate> FromPem(ReadOnlySpan<char> pem)
    {
        var read = ImmutableArray.CreateBuilder<OmsCertificate>();
        while (PemEncoding.TryFind(pem, out PemFields block))
        {
            if (pem[block.Label] is not "CERTIFICATE")
            {
                throw new OmsException(
                    OmsFault.CertificateMalformed, $"the PEM block is '{Printable.Of(pem[block.Label].ToString())}', not 'CERTIFICATE'");
            }

            read.Add(FromDer(Convert.FromBase64String(pem[block.Base64Data].ToString())));
            pem = pem[block.Location.End..];
        }

        return read.Count > 0
            ? read.ToImmutable()
            : throw new OmsException(OmsFault.CertificateMalformed, "there is no PEM block; a certificate starts with '-----BEGIN CERTIFICATE-----'");
    }

    /// <summary>The same certificate, byte for byte.</summary>
    internal bool Is(OmsCertificate other) => Der.Span.SequenceEqual(other.Der.Span);
}
