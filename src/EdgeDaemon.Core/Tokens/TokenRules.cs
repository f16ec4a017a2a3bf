using System.Globalization;
using System.Security.Cryptography;
using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Core.Tokens;

/// <summary>What a device asks of a token, beside its signature. Every time is compared with the device's own clock, give or take <see cref="Skew"/>.</summary>
public sealed record TokenRules
{
    /// <summary>One of the token's audiences must be this.</summary>
    public required string Audience { get; init; }

    /// <summary>What the token's issuer must be; null: not looked at.</summary>
    public string? Issuer { get; init; }

    /// <summary>Longest time from issue to expiry: how long a stolen token can be of use.</summary>
    public required TimeSpan LongestLife { get; init; }

    public required TimeSpan Skew { get; init; }

    /// <summary>From then on the token is refused.</summary>
    public DateTimeOffset End(TokenClaims claims) => claims.Expires + Skew;

    /// <summary>Whether this token speaks for this caller now.</summary>
    /// <param name="claims">Of a token whose signature is good.</param>
    /// <param name="caller"><c>method:value</c>, as the connection proved it.</param>
    /// <param name="certificate">SHA-256 of the caller's certificate; empty without one.</param>
    /// <param name="now">The device's time.</param>
    /// <exception cref="TokenException">It does not.</exception>
    public void Check(TokenClaims claims, string caller, ReadOnlySpan<byte> certificate, DateTimeOffset now)
    {
        if (!claims.Audiences.Contains(Audience, StringComparer.Ordinal))
        {
            throw new TokenException(TokenFault.AudienceOther, $"meant for \"{Printable.Of(claims.Audiences[0])}\", not for \"{Audience}\"");
        }

        if (Issuer is not null && claims.Issuer != Issuer)
        {
            throw new TokenException(TokenFault.IssuerOther, $"issued by \"{Printable.Of(claims.Issuer ?? "")}\", not by \"{Issuer}\"");
        }

        CheckTime(claims, now);
        if (claims.Subject != caller)
        {
            throw new TokenException(TokenFault.SubjectOther, $"speaks for \"{Printable.Of(claims.Subject)}\"");
        }

        // A token that was stolen from its holder is of no use without the holder's key.
        if (claims.Certificate.IsEmpty && !certificate.IsEmpty)
        {
            throw new TokenException(TokenFault.CertificateUnbound, "not bound to a certificate (cnf)");
        }

        if (!claims.Certificate.IsEmpty && !CryptographicOperations.FixedTimeEquals(claims.Certificate.Span, certificate))
        {
            throw new TokenException(TokenFault.CertificateOther, "bound to another certificate (cnf)");
        }
    }

    private void CheckTime(TokenClaims claims, DateTimeOffset now)
    {
        if (claims.Expires <= claims.IssuedAt || claims.Expires - claims.IssuedAt > LongestLife)
        {
            throw new TokenException(TokenFault.LifeTooLong, string.Create(CultureInfo.InvariantCulture,
                $"lives from {claims.IssuedAt:u} to {claims.Expires:u}; at most {LongestLife.TotalSeconds} s are allowed"));
        }

        if (now - claims.Expires >= Skew)
        {
            throw new TokenException(TokenFault.Expired, string.Create(CultureInfo.InvariantCulture, $"expired at {claims.Expires:u}"));
        }

        DateTimeOffset begin = claims.NotBefore is { } later && later > claims.IssuedAt ? later : claims.IssuedAt;
        if (begin - now > Skew)
        {
            throw new TokenException(TokenFault.NotYetValid, string.Create(CultureInfo.InvariantCulture, $"not valid before {begin:u}"));
        }
    }
}
