namespace EdgeDaemon.Identity;

/// <summary>The second factor that counts now; a reload puts another in its place whole, and what was found good before counts no more.</summary>
internal sealed class TokenVerifier(TokenAuthority? authority)
{
    private volatile TokenAuthority? _now = authority;

    /// <summary>Null: no token is looked at.</summary>
    public TokenAuthority? Now => _now;

    public void Replace(TokenAuthority? authority) => _now = authority;
}
