using System.Text;
using System.Text.Json;
using EdgeDaemon.Core.Bundles.Oms;

namespace EdgeDaemon.Core.Tokens;

/// <summary>
/// A JSON Web Token (RFC 7519) in compact form, taken apart and not believed yet. Its header may say only what is expected: the algorithm is known
/// beforehand, and no key, address or extension is taken from whom is to be judged.
/// </summary>
public sealed class AccessToken
{
    /// <summary>Characters.</summary>
    public const int MaxLength = 8192;

    /// <summary>The only algorithm (RFC 7518 section 3.4): ECDSA on P-256 with SHA-256.</summary>
    public const string Algorithm = "ES256";

    private const int SignatureLength = 64;

    private AccessToken(string keyId, TokenClaims claims, ReadOnlyMemory<byte> signed, ReadOnlyMemory<byte> signature)
    {
        KeyId = keyId;
        Claims = claims;
        Signed = signed;
        Signature = signature;
    }

    /// <summary>Which key signed it, as the token says.</summary>
    public string KeyId { get; }

    public TokenClaims Claims { get; }

    /// <summary>The bytes under the signature: header, dot and claims as they came.</summary>
    public ReadOnlyMemory<byte> Signed { get; }

    /// <summary>r and s, 32 bytes each (RFC 7518 section 3.4; IEEE P1363).</summary>
    public ReadOnlyMemory<byte> Signature { get; }

    /// <exception cref="TokenException">It has not exactly the form that is read here.</exception>
    public static AccessToken Parse(string text)
    {
        // Before anything is read: whoever sends it has proven nothing.
        if (text.Length > MaxLength)
        {
            throw new TokenException(TokenFault.TooLong, $"{text.Length} characters; at most {MaxLength} are read");
        }

        int first = text.IndexOf('.', StringComparison.Ordinal);
        int last = text.LastIndexOf('.');
        if (first < 0 || first == last || text.IndexOf('.', first + 1) != last)
        {
            throw new TokenException(TokenFault.NotCompact, "not three parts with dots between them");
        }

        string keyId = ReadHeader(Decode(text.AsSpan(0, first), "header"));
        TokenClaims claims = TokenClaims.Read(Decode(text.AsSpan((first + 1)..last), "claims"));
        byte[] signature = Decode(text.AsSpan(last + 1), "signature");
        return signature.Length == SignatureLength
            ? new AccessToken(keyId, claims, Encoding.ASCII.GetBytes(text[..last]), signature)
            : throw new TokenException(TokenFault.SignatureLength, $"a signature of {signature.Length} bytes; ES256 has {SignatureLength} (r and s, no DER)");
    }

    internal static byte[] Decode(ReadOnlySpan<char> part, string what) =>
        Base64UrlText.TryDecode(part) ?? throw new TokenException(TokenFault.NotBase64Url, $"the {what} is not base64url without padding");

    internal static JsonDocument ReadObject(byte[] json, string what)
    {
        JsonDocument document;
        try
        {
            document = StrictJson.Parse(json, $"the {what}");
        }
        catch (OmsException unread)
        {
            throw new TokenException(unread.Fault == OmsFault.JsonDuplicateName ? TokenFault.DuplicateMember : TokenFault.JsonMalformed, unread.Message, unread);
        }

        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            document.Dispose();
            throw new TokenException(TokenFault.JsonMalformed, $"the {what} is not an object");
        }

        return document;
    }

    private static string ReadHeader(byte[] json)
    {
        using JsonDocument document = ReadObject(json, "header");
        JsonElement header = document.RootElement;

        // First of all: "none" and "HS256" with a public key as the secret are how tokens are forged (RFC 8725 sections 2.1, 3.1).
        if (!header.TryGetProperty("alg", out JsonElement algorithm) || algorithm.ValueKind != JsonValueKind.String || !algorithm.ValueEquals(Algorithm))
        {
            throw new TokenException(TokenFault.AlgorithmRefused, $"the header's alg is not {Algorithm}");
        }

        foreach (JsonProperty member in header.EnumerateObject())
        {
            switch (member.Name)
            {
                case "alg" or "kid":
                    break;
                case "typ" when member.Value.ValueKind == JsonValueKind.String && member.Value.ValueEquals("JWT"):
                    break;
                default:
                    // crit, jwk, jku, x5c, x5u, b64: each would change what is checked, by the word of the sender.
                    throw new TokenException(TokenFault.HeaderUnexpected, "the header has more than alg, kid and typ \"JWT\"");
            }
        }

        return header.TryGetProperty("kid", out JsonElement id) && id.ValueKind == JsonValueKind.String && id.GetString() is { Length: > 0 } keyId
            ? keyId
            : throw new TokenException(TokenFault.KeyIdMissing, "the header has no kid");
    }
}
