using System.Security.Cryptography;

namespace EdgeDaemon.Core.Bundles;

/// <summary>The identity of a key: SHA-256 over the DER of its SubjectPublicKeyInfo. A key counts once, by this value.</summary>
public static class SpkiDigest
{
    /// <summary>Hex digits of the digest that name a signature file.</summary>
    public const int FileNameDigits = 16;

    public static byte[] Of(ReadOnlySpan<byte> spki) => SHA256.HashData(spki);

    public static string Hex(ReadOnlySpan<byte> digest) => Convert.ToHexStringLower(digest);

    /// <summary>
    /// The name of a key's file below <c>signatures/</c>: the first 16 hex digits and <c>.sig</c>. A file's name is where to look,
    /// never proof of who signed.
    /// </summary>
    public static string SignatureFileName(ReadOnlySpan<byte> digest) => Hex(digest)[..FileNameDigits] + ".sig";
}
