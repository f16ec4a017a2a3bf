using System.Formats.Asn1;

namespace EdgeDaemon.Core.Tls;

/// <summary>
/// What keys are taken in TLS certificates: P-256, P-384, P-521, RSA from 2048 bits, Ed25519, each in its one spelling: under a second one a denied
/// key would pass the list.
/// </summary>
internal static class CertificateKey
{
    private const int LeastRsaBits = 2048;

    // Checking a signature costs time that grows with the square.
    private const int MostRsaBits = 8192;
    private const byte Uncompressed = 4;

    /// <param name="spki">DER of the SubjectPublicKeyInfo.</param>
    /// <returns>Null for a key that is taken, else what is wrong with it.</returns>
    public static string? Fault(ReadOnlyMemory<byte> spki)
    {
        try
        {
            AsnReader parts = new AsnReader(spki, AsnEncodingRules.DER).ReadSequence();
            AsnReader algorithm = parts.ReadSequence();
            string oid = algorithm.ReadObjectIdentifier();
            byte[] key = parts.ReadBitString(out _);
            return oid switch
            {
                "1.2.840.10045.2.1" => FaultOfPoint(algorithm, key),
                "1.2.840.113549.1.1.1" => FaultOfRsa(algorithm, key),
                "1.3.101.112" => null,
                _ => $"its key is of the kind {oid}; P-256, P-384, P-521, RSA from {LeastRsaBits} bits and Ed25519 are taken",
            };
        }
        catch (AsnContentException)
        {
            return "its key is not in the form that its kind has";
        }
    }

    private static string? FaultOfPoint(AsnReader algorithm, byte[] key)
    {
        string curve = algorithm.ReadObjectIdentifier();
        return curve is not ("1.2.840.10045.3.1.7" or "1.3.132.0.34" or "1.3.132.0.35")
            ? $"its key is on the curve {curve}; P-256, P-384 and P-521 are taken"
            : key.Length == 0 || key[0] != Uncompressed ? "its key is not written as an uncompressed point" : null;
    }

    private static string? FaultOfRsa(AsnReader algorithm, byte[] key)
    {
        algorithm.ReadNull();
        AsnReader numbers = new AsnReader(key, AsnEncodingRules.DER).ReadSequence();
        long bits = numbers.ReadInteger().GetBitLength();
        return bits is < LeastRsaBits or > MostRsaBits ? $"its RSA key has {bits} bits; {LeastRsaBits} to {MostRsaBits} are taken" : null;
    }
}
