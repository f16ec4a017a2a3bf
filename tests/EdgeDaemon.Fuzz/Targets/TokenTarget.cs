using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Tokens;

namespace EdgeDaemon.Fuzz.Targets;

/// <summary>
/// Access tokens. The first byte chooses what is under attack: odd, the text as it comes; even, header and claims (a line feed between them), which are put
/// into a token first: no mutation of a text leaves JSON behind. The signature is not judged here.
/// </summary>
internal sealed class TokenTarget : FuzzTarget
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1767225600);

    private static readonly TokenRules Rules = new() { Audience = "device", Issuer = "issuer", LongestLife = TimeSpan.FromSeconds(3600), Skew = TimeSpan.FromSeconds(30) };

    private static readonly byte[] Certificate = [.. Enumerable.Range(0, 32).Select(number => (byte)number)];

    public override string Name => "token";

    public override string Oracle => "access_token.py";

    public override IReadOnlyList<byte[]> Dictionary { get; } =
    [
        .. new[]
        {
            "{", "}", "[", "]", ",", ":", "\"", "\n", ".", "=", "-", "_", "null", "true", "0", "-1", "1e3", "1767225600", "1767225570", "1767225571", "1767225630", "1767229200", "253402300799",
            "253402300800", "18446744073709551616", "\"alg\":\"ES256\",", "\"alg\":\"none\",", "\"alg\":\"HS256\",", "\"kid\":\"k\",", "\"typ\":\"JWT\",", "\"crit\":[\"exp\"],", "\"jwk\":{},", "\"b64\":false,",
            "\"sub\":\"unix:1000\",", "\"aud\":\"device\",", "\"aud\":[\"device\",\"x\"],", "\"aud\":[],", "\"iss\":\"issuer\",", "\"iat\":1767225600,", "\"exp\":1767226200,", "\"nbf\":1767225631,",
            "\"cnf\":{\"x5t#S256\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"},", "\"cnf\":{},", "\\u0073ub", "\\ud800", "\\ud83d\\ude00", "\ufeff", "x5t#S256", "cert:spiffe://a/b",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public override string Judge(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return "reject";
        }

        try
        {
            AccessToken token = AccessToken.Parse((input[0] & 1) != 0 ? Encoding.Latin1.GetString(input[1..]) : Compose(input[1..]));
            TokenClaims claims = token.Claims;
            string audiences = string.Join(',', claims.Audiences.Select(Hex));
            return string.Create(CultureInfo.InvariantCulture, $"""
                accept kid={Hex(token.KeyId)} sub={Hex(claims.Subject)} aud={audiences} iss={(claims.Issuer is null ? "-" : Hex(claims.Issuer))} iat={claims.IssuedAt.ToUnixTimeSeconds()}
                 exp={claims.Expires.ToUnixTimeSeconds()} nbf={claims.NotBefore?.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) ?? "-"} cnf={Convert.ToHexStringLower(claims.Certificate.Span)}
                 unix={Check(claims, "unix:1000", [])} cert={Check(claims, "cert:spiffe://a/b", Certificate)}
                """).Replace("\n", "", StringComparison.Ordinal);
        }
        catch (TokenException)
        {
            return "reject";
        }
    }

    private static string Compose(ReadOnlySpan<byte> parts)
    {
        int line = parts.IndexOf((byte)'\n');
        ReadOnlySpan<byte> header = line < 0 ? parts : parts[..line];
        ReadOnlySpan<byte> claims = line < 0 ? [] : parts[(line + 1)..];
        return $"{Base64UrlText.Encode(header)}.{Base64UrlText.Encode(claims)}.{Base64UrlText.Encode(new byte[64])}";
    }

    private static string Check(TokenClaims claims, string caller, byte[] certificate)
    {
        try
        {
            Rules.Check(claims, caller, certificate, Now);
            return "good";
        }
        catch (TokenException)
        {
            return "refused";
        }
    }

    private static string Hex(string text) => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text));
}
