using System.Collections.Frozen;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tokens;
using Microsoft.Extensions.Primitives;

namespace EdgeDaemon.Identity;

/// <summary>The second factor as one version of the configuration demands it: which roles, which keys, which rules.</summary>
internal sealed class TokenAuthority(TokenSettings settings, IEnumerable<TokenKey> keys)
{
    private const string Scheme = "Bearer ";

    private readonly FrozenDictionary<string, TokenKey> _keys = keys.ToFrozenDictionary(key => key.Id, StringComparer.Ordinal);
    private readonly TokenRules _rules = new()
    {
        Audience = settings.Audience,
        Issuer = settings.Issuer,
        LongestLife = settings.LongestLife,
        Skew = settings.Skew,
    };

    public Roles RequiredFor => settings.RequiredFor;

    /// <summary>Returns when the request carries a token that speaks for its caller now.</summary>
    /// <param name="header">Every <c>authorization</c> header of the request.</param>
    /// <param name="caller">As the connection proved it.</param>
    /// <param name="now">The device's time.</param>
    /// <exception cref="RefusedException">Missing, or not valid: why, only the log learns.</exception>
    public void Require(StringValues header, Caller caller, DateTimeOffset now)
    {
        string token = TokenOf(header);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(MemoryMarshal.AsBytes(token.AsSpan()), digest);
        if (caller.Token is { } shown && shown.By == this && now < shown.End && CryptographicOperations.FixedTimeEquals(shown.Digest, digest))
        {
            return;
        }

        try
        {
            AccessToken read = AccessToken.Parse(token);
            if (!_keys.TryGetValue(read.KeyId, out TokenKey? key))
            {
                throw new TokenException(TokenFault.KeyUnknown, $"signed with a key '{Printable.Of(read.KeyId)}' that no [[token_key]] has");
            }

            // Before any claim is looked at: what is not signed says nothing.
            if (!key.Verifies(read))
            {
                throw new TokenException(TokenFault.SignatureInvalid, $"not signed with key '{key.Id}'");
            }

            _rules.Check(read.Claims, caller.Name, caller.CertificateDigest.Span, now);
            caller.Token = new ShownToken(this, digest.ToArray(), _rules.End(read.Claims));
        }
        catch (TokenException fault)
        {
            throw new RefusedException(Refusal.AccessTokenInvalid, $"token: {fault.Fault}: {fault.Message}", fault);
        }
    }

    private static string TokenOf(StringValues header)
    {
        // Two could be read differently by two parties.
        if (header.Count > 1)
        {
            throw new RefusedException(Refusal.AccessTokenInvalid, $"token: {header.Count} authorization headers");
        }

        string text = header.ToString();
        if (!text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            throw new RefusedException(Refusal.AccessTokenMissing, header.Count == 0 ? "token: none shown" : "token: the authorization header is not a bearer token's");
        }

        return text.Length <= Scheme.Length + AccessToken.MaxLength
            ? text[Scheme.Length..]
            : throw new RefusedException(Refusal.AccessTokenInvalid, $"token: {TokenFault.TooLong}");
    }
}
