using System.Collections.Frozen;
using System.Collections.Immutable;
using EdgeDaemon.Core.Configuration;

namespace EdgeDaemon.Identity;

/// <summary>
/// Which caller is whose: one immutable answer for one version of the configuration and of the device's accounts. The most exact entry
/// counts: a key before a name, a name before a pattern, the longest pattern first, a user before a group, and among groups the first of the file.
/// </summary>
internal sealed class TenantTable
{
    private readonly FrozenDictionary<uint, Tenant> _users;
    private readonly FrozenSet<uint> _disputed;
    private readonly ImmutableArray<(uint Group, Tenant Tenant)> _groups;
    private readonly FrozenDictionary<string, Tenant> _keys;
    private readonly FrozenDictionary<string, Tenant> _uris;
    private readonly FrozenDictionary<string, Tenant> _names;
    private readonly ImmutableArray<(CallerPattern Pattern, Tenant Tenant)> _patterns;

    /// <param name="tenants">In the order of the file.</param>
    /// <param name="accounts">Users and groups of the device.</param>
    /// <param name="gone">Told of each caller whose account is not there, who is then nobody; null: such a caller is an error.</param>
    /// <exception cref="AccountUnknownException">A name that the device does not have, or two tenants for one user.</exception>
    public TenantTable(ImmutableArray<Tenant> tenants, IAccounts accounts, Action<string>? gone = null)
    {
        Tenants = tenants;
        Accounts = accounts.Stamp; // Before the names are looked up: what changes meanwhile is seen as a change.
        var users = new Dictionary<uint, Tenant>();
        var groups = ImmutableArray.CreateBuilder<(uint, Tenant)>();
        var keys = new Dictionary<string, Tenant>(StringComparer.Ordinal);
        var uris = new Dictionary<string, Tenant>(StringComparer.Ordinal);
        var names = new Dictionary<string, Tenant>(StringComparer.Ordinal);
        var patterns = new List<(CallerPattern Pattern, Tenant Tenant)>();
        var disputed = new HashSet<uint>();
        foreach (Tenant tenant in tenants)
        {
            foreach (CallerPattern caller in tenant.Settings.Callers)
            {
                switch (caller.Method)
                {
                    case CallerMethod.Self or CallerMethod.UnixUser or CallerMethod.UnixGroup:
                        NamesAccounts |= caller.Method != CallerMethod.Self && AccountNumber.Of(caller) is null;
                        try
                        {
                            uint number = AccountNumber.Of(caller, accounts);
                            if (caller.Method == CallerMethod.UnixGroup)
                            {
                                groups.Add((number, tenant));
                            }
                            else if (!users.TryAdd(number, tenant) && users[number] != tenant)
                            {
                                // A name and a number, or "self" and a name, can be one user: then nobody could say whose it is.
                                disputed.Add(number);
                                throw new AccountUnknownException($"is user {number}, who belongs to tenant '{users[number].Name}' already");
                            }
                        }
                        catch (AccountUnknownException unknown)
                        {
                            string text = $"{tenant.Settings.CallersPlace}: [[tenant]] '{tenant.Name}': \"{caller}\": {unknown.Message}";
                            (gone ?? throw new AccountUnknownException(text, unknown)).Invoke(text);
                        }

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

        _users = users.Where(user => !disputed.Contains(user.Key)).ToFrozenDictionary();
        _disputed = disputed.ToFrozenSet();
        _groups = groups.ToImmutable();
        _keys = keys.ToFrozenDictionary(StringComparer.Ordinal);
        _uris = uris.ToFrozenDictionary(StringComparer.Ordinal);
        _names = names.ToFrozenDictionary(StringComparer.Ordinal);
        patterns.Sort((one, other) => other.Pattern.Value.Length.CompareTo(one.Pattern.Value.Length));
        _patterns = [.. patterns];
    }

    public ImmutableArray<Tenant> Tenants { get; }

    /// <summary>The state of the accounts that it was made by.</summary>
    public AccountStamp Accounts { get; }

    /// <summary>Whether a caller is written by an account's name, which can come to mean another number.</summary>
    public bool NamesAccounts { get; }

    /// <summary>Null for a stranger.</summary>
    public Tenant? Find(Caller caller) => caller.IsUnix ? FindUser(caller) : FindCertificate(caller);

    private Tenant? FindUser(Caller caller)
    {
        if (_users.TryGetValue(caller.User, out Tenant? tenant))
        {
            return tenant;
        }

        // Shown for everybody whom this process's user namespace does not know, and whose it is nobody can say.
        if (caller.User == AccountNumber.Unmapped || _disputed.Contains(caller.User))
        {
            return null;
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
}
