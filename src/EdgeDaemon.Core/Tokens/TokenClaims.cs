using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Core.Tokens;

/// <summary>What a token claims, as far as it is looked at; other members are nobody's business here.</summary>
public sealed record TokenClaims
{
    private const string CertificateMember = "x5t#S256";

    /// <summary>One second before the year 10000: what a <see cref="DateTimeOffset"/> holds.</summary>
    private const long LastSecond = 253_402_300_799;

    /// <summary><c>sub</c>: the caller, as <c>method:value</c>.</summary>
    public required string Subject { get; init; }

    /// <summary><c>aud</c>: at least one.</summary>
    public required ImmutableArray<string> Audiences { get; init; }

    /// <summary><c>iss</c>.</summary>
    public string? Issuer { get; init; }

    /// <summary><c>iat</c>.</summary>
    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary><c>exp</c>.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary><c>nbf</c>.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary><c>cnf.x5t#S256</c>: SHA-256 of the certificate that must come with it (RFC 8705 section 3.1); 32 bytes, or none.</summary>
    public ReadOnlyMemory<byte> Certificate { get; init; }

    internal static TokenClaims Read(byte[] json)
    {
        using JsonDocument document = AccessToken.ReadObject(json, "claims");
        JsonElement claims = document.RootElement;
        return new TokenClaims
        {
            Subject = Text(claims, "sub") ?? throw Missing("sub"),
            Audiences = ReadAudiences(claims),
            Issuer = Text(claims, "iss"),
            IssuedAt = Time(claims, "iat") ?? throw Missing("iat"),
            Expires = Time(claims, "exp") ?? throw Missing("exp"),
            NotBefore = Time(claims, "nbf"),
            Certificate = ReadCertificate(claims),
        };
    }

    private static ImmutableArray<string> ReadAudiences(JsonElement claims)
    {
        if (!claims.TryGetProperty("aud", out JsonElement audience))
        {
            throw Missing("aud");
        }

        return audience.ValueKind switch
        {
            JsonValueKind.String => [audience.GetString()!],
            JsonValueKind.Array when audience.GetArrayLength() > 0 && audience.EnumerateArray().All(each => each.ValueKind == JsonValueKind.String) =>
                [.. audience.EnumerateArray().Select(each => each.GetString()!)],
            _ => throw Wrong("aud", "a text or an array of texts"),
        };
    }

    private static byte[] ReadCertificate(JsonElement claims)
    {
        if (!claims.TryGetProperty("cnf", out JsonElement confirmation))
        {
            return [];
        }

        if (confirmation.ValueKind != JsonValueKind.Object)
        {
            throw Wrong("cnf", "an object");
        }

        if (Text(confirmation, CertificateMember) is not { } text)
        {
            return []; // Bound to something that is not looked at here: not to a certificate.
        }

        byte[] digest = AccessToken.Decode(text, $"cnf.{CertificateMember}");
        return digest.Length == 32 ? digest : throw Wrong($"cnf.{CertificateMember}", "a SHA-256");
    }

    private static string? Text(JsonElement claims, string name) =>
        !claims.TryGetProperty(name, out JsonElement value) ? null : value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(name, "a text");

    // NumericDate (RFC 7519 section 2), whole seconds: what has two spellings elsewhere has one here.
    private static DateTimeOffset? Time(JsonElement claims, string name)
    {
        if (!claims.TryGetProperty(name, out JsonElement value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number
            && long.TryParse(value.GetRawText(), NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) && seconds <= LastSecond
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : throw Wrong(name, $"a whole number of seconds from 0 to {LastSecond}");
    }

    private static TokenException Missing(string name) => new(TokenFault.ClaimMissing, $"the claims have no {name}");

    private static TokenException Wrong(string name, string expected) => new(TokenFault.ClaimWrongType, $"the claim {Printable.Of(name)} is not {expected}");
}
