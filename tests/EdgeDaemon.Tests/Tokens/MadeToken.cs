using System.Security.Cryptography;
using System.Text;

namespace EdgeDaemon.Tests.Tokens;

/// <summary>A token put together by hand from any header, claims and signature: none of the product's code is in it.</summary>
internal static class MadeToken
{
    public const string Header = """{"alg":"ES256","kid":"k1","typ":"JWT"}""";

    /// <summary>At <see cref="Now"/>, for ten minutes.</summary>
    public const string Claims = """{"iss":"issuer","sub":"unix:1000","aud":"device","iat":1767225600,"exp":1767226200}""";

    public static DateTimeOffset Now { get; } = DateTimeOffset.FromUnixTimeSeconds(1767225600);

    public static string Make(ECDsa key, string claims = Claims, string header = Header) =>
        Join(header, claims, signed => key.SignData(signed, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));

    public static string Join(string header, string claims, Func<byte[], byte[]> sign)
    {
        string signed = $"{Encode(Encoding.UTF8.GetBytes(header))}.{Encode(Encoding.UTF8.GetBytes(claims))}";
        return $"{signed}.{Encode(sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    public static string Encode(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    public static byte[] Decode(string text) => Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/').PadRight((text.Length + 3) / 4 * 4, '='));
}
