using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EdgeDaemon.Core.Bundles.Oms;

namespace EdgeDaemon.Core.Tokens;

/// <summary>Writes a token: the members that <see cref="AccessToken"/> reads, no others.</summary>
public static class TokenSigner
{
    /// <param name="key">P-256.</param>
    /// <param name="keyId">What the device calls the key.</param>
    /// <param name="claims">What it says.</param>
    /// <exception cref="TokenException">Another curve, or longer than a token may be.</exception>
    public static string Sign(ECDsa key, string keyId, TokenClaims claims)
    {
        if (OmsKey.Of(key).Curve != "P-256")
        {
            throw new TokenException(TokenFault.KeyUnknown, "the key is not on P-256, which ES256 needs");
        }

        string signed = $"{Encode(json => WriteHeader(json, keyId))}.{Encode(json => WriteClaims(json, claims))}";

        // Hash first: a key in a PKCS#11 token signs digests.
        byte[] signature = key.SignHash(SHA256.HashData(Encoding.ASCII.GetBytes(signed)), DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        string token = $"{signed}.{Base64UrlText.Encode(signature)}";
        return token.Length <= AccessToken.MaxLength
            ? token
            : throw new TokenException(TokenFault.TooLong, $"the token would have {token.Length} characters; at most {AccessToken.MaxLength} are read");
    }

    private static string Encode(Action<Utf8JsonWriter> write)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return Base64UrlText.Encode(output.WrittenSpan);
    }

    private static void WriteHeader(Utf8JsonWriter json, string keyId)
    {
        json.WriteString("alg", AccessToken.Algorithm);
        json.WriteString("kid", keyId);
        json.WriteString("typ", "JWT");
    }

    private static void WriteClaims(Utf8JsonWriter json, TokenClaims claims)
    {
        if (claims.Issuer is { } issuer)
        {
            json.WriteString("iss", issuer);
        }

        json.WriteString("sub", claims.Subject);
        if (claims.Audiences is [string only])
        {
            json.WriteString("aud", only);
        }
        else
        {
            json.WriteStartArray("aud");
            foreach (string audience in claims.Audiences)
            {
                json.WriteStringValue(audience);
            }

            json.WriteEndArray();
        }

        json.WriteNumber("iat", claims.IssuedAt.ToUnixTimeSeconds());
        if (claims.NotBefore is { } begin)
        {
            json.WriteNumber("nbf", begin.ToUnixTimeSeconds());
        }

        json.WriteNumber("exp", claims.Expires.ToUnixTimeSeconds());
        if (!claims.Certificate.IsEmpty)
        {
            json.WriteStartObject("cnf");
            json.WriteString("x5t#S256", Base64UrlText.Encode(claims.Certificate.Span));
            json.WriteEndObject();
        }
    }
}
