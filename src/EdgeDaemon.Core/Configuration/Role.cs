using System.Collections.Immutable;

namespace EdgeDaemon.Core.Configuration;

/// <summary>What a tenant may do. None contains another: a device's file says in full what each tenant may.</summary>
[Flags]
public enum Roles
{
    None = 0,

    /// <summary>Asks models that are granted to the tenant.</summary>
    Infer = 1,

    /// <summary>Reads status, models, statistics, tenants and metrics.</summary>
    Observe = 2,

    /// <summary>Sends bundles.</summary>
    Fleet = 4,

    /// <summary>Changes what the daemon does: reload, log level, drain, penalties.</summary>
    Admin = 8,
}

internal static class RoleWords
{
    public static readonly (string, Roles)[] All = [("infer", Roles.Infer), ("observe", Roles.Observe), ("fleet", Roles.Fleet), ("admin", Roles.Admin)];

    public static Roles Join(ImmutableArray<Roles> roles) => roles.Aggregate(Roles.None, (all, role) => all | role);
}
