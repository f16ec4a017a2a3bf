using System.Formats.Asn1;
using System.Security.Cryptography;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>
/// What certificates and revocation lists have in common: a body, an algorithm and a signature. ECDSA on the three curves and RSA
/// PKCS#1 v1.5, with SHA-2; an authority may use either, whatever its subjects use.
/// </summary>
internal sealed record OmsSignedDer(ReadOnlyMemory<byte> Body, ReadOnlyMemory<byte> Algorithm, string AlgorithmOid, ReadOnlyMemory<byte> Signature)
{
    private const int LeastRsaBits = 2048;

    // Checking costs time that grows with the square: the bound keeps a stranger's chain cheap.
    private const int MostRsaBits = 8192;

    /// <summary>Splits <c>SEQUENCE { body, algorithm, BIT STRING }</c>.</summary>
    /// <exception cref="AsnContentException">It is not that.</exception>
    public static OmsSignedDer Read(ReadOnlyMemory<byte> der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        AsnReader parts = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        ReadOnlyMemory<byte> body = parts.ReadEncodedValue();
        ReadOnlyMemory<byte> algorithm = parts.ReadEncodedValue();
        string oid = new AsnReader(algorithm, AsnEncodingRules.DER).ReadSequence().ReadObjectIdentifier();
        byte[] signature = parts.ReadBitString(out int unused);
        parts.ThrowIfNotEmpty();
        return unused == 0 ? new OmsSignedDer(body, algorithm, oid, signature) : throw new AsnContentException("the signature ends inside a byte");
    }

    /// <summary>True when the key made the signature.</summary>
    /// <exception cref="OmsException"><see cref="OmsFault.CertificateUnsupported"/>: an algorithm or a key that is not taken.</exception>
    public bool IsBy(ReadOnlyMemory<byte> spki)
    {
        (bool rsa, HashAlgorithmName hash) = ReadAlgorithm();
        try
        {
            return rsa ? IsByRsa(spki, hash) : IsByEcdsa(spki, hash);
        }
        catch (CryptographicException)
        {
            // A key of another kind than the algorithm says, or a malformed signature: not this key's.
            return false;
        }
        catch (PlatformNotSupportedException unknown)
        {
            throw new OmsException(OmsFault.CertificateUnsupported, "an authority's key is on a curve that is not taken", unknown);
        }
    }

    private bool IsByEcdsa(ReadOnlyMemory<byte> spki, HashAlgorithmName hash)
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(spki.Span, out _);
        try
        {
            OmsKey.Of(key).CheckPlain(spki.Span);
        }
        catch (OmsException other)
        {
            throw new OmsException(OmsFault.CertificateUnsupported, $"an authority's key is not taken: {other.Message}", other);
        }

        return key.VerifyData(Body.Span, Signature.Span, hash, DSASignatureFormat.Rfc3279DerSequence);
    }

    private bool IsByRsa(ReadOnlyMemory<byte> spki, HashAlgorithmName hash)
    {
        using var key = RSA.Create();
        key.ImportSubjectPublicKeyInfo(spki.Span, out _);

        // One spelling of a key, or a denied key would come back in another.
        if (key.KeySize is < LeastRsaBits or > MostRsaBits || !key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(spki.Span))
        {
            throw new OmsException(OmsFault.CertificateUnsupported, $"an authority's RSA key has {key.KeySize} bits, or an odd form; {LeastRsaBits} to {MostRsaBits} are taken");
        }

        return key.VerifyData(Body.Span, Signature.Span, hash, RSASignaturePadding.Pkcs1);
    }

    private (bool Rsa, HashAlgorithmName Hash) ReadAlgorithm()
    {
        return AlgorithmOid switch
        {
            "1.2.840.10045.4.3.2" => (false, HashAlgorithmName.SHA256),
            "1.2.840.10045.4.3.3" => (false, HashAlgorithmName.SHA384),
            "1.2.840.10045.4.3.4" => (false, HashAlgorithmName.SHA512),
            "1.2.840.113549.1.1.11" => (true, HashAlgorithmName.SHA256),
            "1.2.840.113549.1.1.12" => (true, HashAlgorithmName.SHA384),
            "1.2.840.113549.1.1.13" => (true, HashAlgorithmName.SHA512),
            _ => throw new OmsException(OmsFault.CertificateUnsupported, $"it is signed with algorithm {AlgorithmOid}; ECDSA and RSA PKCS#1 with SHA-256, SHA-384 or SHA-512 are taken"),
        };
    }
}
