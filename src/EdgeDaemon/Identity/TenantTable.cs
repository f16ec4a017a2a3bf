using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using EdgeDaemon.Core.Configuration;

namespace EdgeDaemon.Identity;

/// <summary>
/// Which caller is whose: one immutable answer for one version of the configuration and of the device's accounts. The most exact entry
/// counts: a key before a name, a name before a pattern, the longest pattern first, a user before a group, and among groups the first of the file.
/// </summary>
internal sealed class TenantTable
{
    private readonly FrozenDictionary<uint, Tenant> _users;
    private readonly ImmutableArray<(uint Group, Tenant Tenant)> _groups;
    private readonly FrozenDictionary<string, Tenant> _keys;
    private readonly FrozenDictionary<string, Tenant> _uris;
    private readonly FrozenDictionary<string, Tenant> _names;
    private readonly ImmutableArray<(CallerPattern Pattern, Tenant Tenant)> _patterns;

    /// <param name="tenants">In the order of the file.</param>
    /// <param name="accounts">Users and groups of the device.</param>
    /// <exception cref="AccountUnknownException">A name that the device does not have.</exception>
    public TenantTable(ImmutableArray<Tenant> tenants, IAccounts accounts)
    {
        Tenants = tenants;
        var users = new Dictionary<uint, Tenant>();
        var groups = ImmutableArray.CreateBuilder<(uint, Tenant)>();
        var keys = new Dictionary<string, Tenant>(StringComparer.Ordinal);
        var uris = new Dictionary<string, Tenant>(StringComparer.Ordinal);
        var names = new Dictionary<string, Tenant>(StringComparer.Ordinal);
        var patterns = new List<(CallerPattern Pattern, Tenant Tenant)>();
        foreach (Tenant tenant in tenants)
        {
            foreach (CallerPattern caller in tenant.Settings.Callers)
            {
                switch (caller.Method)
                {
                    case CallerMethod.Self:
                        Claim(users, accounts.Self, tenant, caller);
                        break;
                    case CallerMethod.UnixUser:
                        Claim(users, Number(caller) ?? accounts.User(caller.Value), tenant, caller);
                        break;
                    case CallerMethod.UnixGroup:
                        groups.Add((Number(caller) ?? accounts.Group(caller.Value), tenant));
                        break;
                    case CallerMethod.CertificateKey:
                        keys.Add(caller.Value, tenant);
                        break;
                    case var _ when caller.IsWildcard:
                        patterns.Add((caller, tenant));
                        break;
                    default:
                        (caller.Method == CallerMethod.CertificateDns ? names : uris).Add(caller.Value, tenant);
                        break;
                }
            }
        }

        _users = users.ToFrozenDictionary();
        _groups = groups.ToImmutable();
        _keys = keys.ToFrozenDictionary(StringComparer.Ordinal);
        _uris = uris.ToFrozenDictionary(StringComparer.Ordinal);
        _names = names.ToFrozenDictionary(StringComparer.Ordinal);
        patterns.Sort((one, other) => other.Pattern.Value.Length.CompareTo(one.Pattern.Value.Length));
        _patterns = [.. patterns];
    }

    public ImmutableArray<Tenant> Tenants { get; }

    /// <summary>Null for a stranger.</summary>
    public Tenant? Find(Caller caller) => caller.IsUnix ? FindUser(caller) : FindCertificate(caller);

    private Tenant? FindUser(Caller caller)
    {
        if (_users.TryGetValue(caller.User, out Tenant? tenant))
        {
            return tenant;
        }

        foreach ((uint group, Tenant owner) in _groups)
        {
            if (caller.Groups.Contains(group))
            {
                return owner;
            }
        }

        return null;
    }

    private Tenant? FindCertificate(Caller caller)
    {
        if (_keys.TryGetValue(caller.KeyDigest!, out Tenant? tenant)
            || (caller.Uri is not null && _uris.TryGetValue(caller.Uri, out tenant))
            || (caller.Dns is not null && _names.TryGetValue(caller.Dns, out tenant)))
        {
            return tenant;
        }

        foreach ((CallerPattern pattern, Tenant owner) in _patterns)
        {
            if ((pattern.Method == CallerMethod.CertificateDns ? caller.Dns : caller.Uri) is { } name && pattern.Matches(name))
            {
                return owner;
            }
        }

        return null;
    }

    private static uint? Number(CallerPattern caller) =>
        char.IsAsciiDigit(caller.Value[0]) ? uint.Parse(caller.Value, NumberStyles.None, CultureInfo.InvariantCulture) : null;

    private static void Claim(Dictionary<uint, Tenant> users, uint user, Tenant tenant, CallerPattern caller)
    {
        // A name and a number, or "self" and a name, can be one user: then nobody could say whose it is.
        if (!users.TryAdd(user, tenant) && users[user] != tenant)
        {
            throw new AccountUnknownException($"[[tenant]] '{tenant.Name}': \"{caller}\" is user {user}, who belongs to tenant '{users[user].Name}' already");
        }
    }
}
