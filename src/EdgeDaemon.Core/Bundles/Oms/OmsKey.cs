using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>
/// A trusted public key: ECDSA on P-256, P-384 or P-521, immutable and free to share between threads. The curve is known by its
/// OID: secp256k1 and brainpool also have 256 bits.
/// </summary>
public sealed class OmsKey
{
    private OmsKey(byte[] spki, string pem, HashAlgorithmName hash, string curve)
    {
        Spki = [.. spki];
        Digest = [.. SpkiDigest.Of(spki)];
        Hash = hash;
        Curve = curve;

        // OMS: SHA-256 of the PEM text with 64 columns, LF and the final newline, which .NET's PEM lacks.
        Hint = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(pem + "\n")));
    }

    /// <summary>DER of the SubjectPublicKeyInfo, named curve, uncompressed point.</summary>
    public ImmutableArray<byte> Spki { get; }

    /// <summary>SHA-256 of <see cref="Spki"/>, raw: the key's identity (<see cref="SpkiDigest"/>).</summary>
    public ImmutableArray<byte> Digest { get; }

    /// <summary>OMS's <c>publicKey.hint</c> for this key: 64 lower-case hex digits.</summary>
    public string Hint { get; }

    /// <summary><c>P-256</c>, <c>P-384</c> or <c>P-521</c>.</summary>
    public string Curve { get; }

    /// <summary>The hash that OMS ties to the curve.</summary>
    internal HashAlgorithmName Hash { get; }

    /// <summary>The one <c>PUBLIC KEY</c> block of a PEM text; text before it (certtool writes some) is skipped.</summary>
    /// <exception cref="OmsException"><see cref="OmsFault.KeyUnsupported"/>, saying what was found instead.</exception>
    public static OmsKey FromPem(ReadOnlySpan<char> pem)
    {
        if (!PemEncoding.TryFind(pem, out PemFields block))
        {
            throw Unsupported("there is no PEM block; a public key starts with '-----BEGIN PUBLIC KEY-----'");
        }

        if (pem[block.Label] is not "PUBLIC KEY")
        {
            throw Unsupported($"the PEM block is '{Printable.Of(pem[block.Label].ToString())}', not 'PUBLIC KEY'");
        }

        // Two keys in one file: which one is trusted must not depend on the reader.
        if (PemEncoding.TryFind(pem[block.Location.End..], out _))
        {
            throw Unsupported("there is more than one PEM block; give one public key");
        }

        return FromSpki(Convert.FromBase64String(pem[block.Base64Data].ToString()));
    }

    /// <param name="spki">DER of a SubjectPublicKeyInfo, nothing after it.</param>
    /// <exception cref="OmsException"><see cref="OmsFault.KeyUnsupported"/>.</exception>
    public static OmsKey FromSpki(ReadOnlySpan<byte> spki)
    {
        using var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(spki, out int read);
            return read == spki.Length ? Of(key) : throw Unsupported("bytes follow the key");
        }
        catch (Exception e) when (e is CryptographicException or PlatformNotSupportedException)
        {
            // The latter is how .NET says that it does not know the curve.
            throw Unsupported("it is not an elliptic curve key, or its point is not on the curve", e);
        }
    }

    /// <summary>The public half of a key.</summary>
    /// <exception cref="OmsException"><see cref="OmsFault.KeyUnsupported"/> for any other curve.</exception>
    public static OmsKey Of(ECDsa key)
    {
        ECCurve curve = key.ExportParameters(includePrivateParameters: false).Curve;
        (HashAlgorithmName hash, string name) = (curve.IsNamed ? curve.Oid.Value : null) switch
        {
            "1.2.840.10045.3.1.7" => (HashAlgorithmName.SHA256, "P-256"),
            "1.3.132.0.34" => (HashAlgorithmName.SHA384, "P-384"),
            "1.3.132.0.35" => (HashAlgorithmName.SHA512, "P-521"),
            _ => throw Unsupported("only the curves P-256, P-384 and P-521 sign models"),
        };
        return new OmsKey(key.ExportSubjectPublicKeyInfo(), key.ExportSubjectPublicKeyInfoPem(), hash, name);
    }

    /// <summary>Refuses another spelling of this key (a compressed point, say): under a second digest it would pass a deny list.</summary>
    internal void CheckPlain(ReadOnlySpan<byte> spki)
    {
        if (!spki.SequenceEqual(Spki.AsSpan()))
        {
            throw Unsupported("it is not written as named curve and uncompressed point");
        }
    }

    /// <summary>True when <paramref name="signature"/> (ASN.1 DER) is this key's over the DSSE encoding of the payload.</summary>
    internal bool Verifies(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> signature) => Verifies(OmsNames.PayloadType, payload, signature);

    /// <summary>The same for a payload of another type.</summary>
    internal bool Verifies(string payloadType, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> signature)
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(Spki.AsSpan(), out _);
        try
        {
            return key.VerifyHash(Dsse.Hash(payloadType, payload, Hash), signature, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            // Some malformed signatures throw instead of answering false.
            return false;
        }
    }

    private static OmsException Unsupported(string why, Exception? cause = null) =>
        new(OmsFault.KeyUnsupported, $"not a usable public key: {why}", cause);
}
