using System.Collections.Immutable;

namespace EdgeDaemon.Identity;

/// <summary>
/// Who is at the other end of a connection, as the kernel or TLS proved it: made once for each connection, never changed. Whose tenant it is
/// is looked up for each request, so that a reload counts for open connections, too.
/// </summary>
internal sealed class Caller
{
    private volatile Found? _found;

    private Caller(string name) => Name = name;

    /// <summary>Method and value, for records and as the subject of tokens: <c>unix:1000</c>, <c>cert:spiffe://plant.example/camera/1</c>.</summary>
    public string Name { get; }

    public bool IsUnix { get; private init; }

    /// <summary>Unix only.</summary>
    public uint User { get; private init; }

    /// <summary>Unix only: the primary group and the supplementary ones.</summary>
    public ImmutableArray<uint> Groups { get; private init; } = [];

    /// <summary>Certificates only: the one URI among its alternative names; null when there is none or more than one.</summary>
    public string? Uri { get; private init; }

    /// <summary>Certificates only: the one DNS name among its alternative names; null when there is none or more than one.</summary>
    public string? Dns { get; private init; }

    /// <summary>Certificates only: SHA-256 of the public key (SPKI), lower-case hex.</summary>
    public string? KeyDigest { get; private init; }

    /// <summary>Certificates only: SHA-256 of the certificate, to which a token may be bound (RFC 8705 section 3.1).</summary>
    public ReadOnlyMemory<byte> CertificateDigest { get; private init; }

    /// <summary>Certificates only: from then on it proves nothing.</summary>
    public DateTimeOffset Expires { get; private init; } = DateTimeOffset.MaxValue;

    public static Caller OfUser(uint user, ImmutableArray<uint> groups) =>
        new($"unix:{user}") { IsUnix = true, User = user, Groups = groups };

    /// <summary>Called after the certificate was judged; its name is the URI if it has exactly one (SPIFFE X.509-SVID section 2), else the one DNS name, else its key.</summary>
    public static Caller OfCertificate(string? uri, string? dns, string keyDigest, ReadOnlyMemory<byte> certificateDigest, DateTimeOffset expires) =>
        new(uri is not null ? $"cert:{uri}" : dns is not null ? $"cert:dns:{dns}" : $"cert:sha256:{keyDigest}")
        {
            Uri = uri,
            Dns = dns,
            KeyDigest = keyDigest,
            CertificateDigest = certificateDigest,
            Expires = expires,
        };

    /// <summary>The token that was good last on this connection; null before the first.</summary>
    public ShownToken? Token { get; set; }

    /// <summary>The tenant by this table; null for a stranger. Looked up once for each table.</summary>
    public Tenant? TenantIn(TenantTable table)
    {
        // One reference: an old table's tenant never stands beside a new table.
        Found? found = _found;
        if (found?.Table != table)
        {
            _found = found = new Found(table, table.Find(this));
        }

        return found!.Tenant;
    }

    public override string ToString() => Name;

    private sealed record Found(TenantTable Table, Tenant? Tenant);
}
