using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Configuration;

/// <summary>Callers that belong together: what they may do, which models are theirs, and how much they may take.</summary>
public sealed record TenantSettings
{
    private const int MostTenants = 256;
    private const int MostCallers = 256;
    private const int MostModels = 256;

    private TenantSettings()
    {
    }

    /// <summary>Unique; stands in metrics and records.</summary>
    public required string Name { get; init; }

    public required ImmutableArray<CallerPattern> Callers { get; init; }

    /// <summary>Where they stand, <c>file:line:column</c>: whether there is such an account is known only on the device. Empty for the tenant that stands without any.</summary>
    public required string CallersPlace { get; init; }

    public required Roles Roles { get; init; }

    /// <summary>Patterns of <see cref="NamePattern"/>: models that the tenant may ask, and see.</summary>
    public required ImmutableArray<string> Models { get; init; }

    /// <summary>Weight beside other tenants when all want more than there is.</summary>
    public required int Share { get; init; }

    /// <summary>0: no limit of its own.</summary>
    public required int RequestsPerSecond { get; init; }

    /// <summary>Requests at once after a pause; 0: a second's worth.</summary>
    public required int BurstRequests { get; init; }

    /// <summary>Of request bodies; 0: no limit of its own.</summary>
    public required long BytesPerSecond { get; init; }

    /// <summary>Bytes at once after a pause; 0: a second's worth.</summary>
    public required long BurstBytes { get; init; }

    /// <summary>In flight at once; 0: no limit of its own.</summary>
    public required int MaxRequests { get; init; }

    /// <summary>Open at once; 0: no limit of its own.</summary>
    public required int MaxConnections { get; init; }

    /// <summary>Held at once; 0: no limit of its own.</summary>
    public required long MaxTensorBytes { get; init; }

    /// <summary>Whether its answers wait until their record is on the disk.</summary>
    public required AuditDurability Audit { get; init; }

    /// <summary>Noisy samples of one request; 0: no limit of its own.</summary>
    public required int MaxSmoothingSamples { get; init; }

    /// <summary>That one certification may take; zero: no limit of its own.</summary>
    public required TimeSpan MaxSmoothingTime { get; init; }

    /// <summary>Requests that certify at once; 0: no limit of its own.</summary>
    public required int MaxSmoothingRequests { get; init; }

    /// <summary>Without any [[tenant]]: the user that the daemon runs as, and root, may do everything; nobody else may do anything.</summary>
    public static ImmutableArray<TenantSettings> Default { get; } =
    [
        new()
        {
            Name = "local",
            Callers = [new CallerPattern(CallerMethod.Self, ""), new CallerPattern(CallerMethod.UnixUser, "0")],
            CallersPlace = "",
            Roles = Roles.Infer | Roles.Observe | Roles.Fleet | Roles.Admin,
            Models = ["*"],
            Share = 1,
            RequestsPerSecond = 0,
            BurstRequests = 0,
            BytesPerSecond = 0,
            BurstBytes = 0,
            MaxRequests = 0,
            MaxConnections = 0,
            MaxTensorBytes = 0,
            Audit = AuditDurability.AsConfigured,
            MaxSmoothingSamples = 0,
            MaxSmoothingTime = TimeSpan.Zero,
            MaxSmoothingRequests = 0,
        },
    ];

    internal static ImmutableArray<TenantSettings> ReadAll(TomlSection root)
    {
        if (!root.Has("tenant"))
        {
            return Default;
        }

        var tenants = ImmutableArray.CreateBuilder<TenantSettings>();
        var owners = new Dictionary<CallerPattern, string>();
        foreach (TomlSection table in root.Tables("tenant", MostTenants, "is empty: without any [[tenant]] the daemon's own user and root may do everything; an empty list would shut everybody out"))
        {
            TenantSettings tenant = Read(table);
            if (tenant.Name.Length > 0 && tenants.Any(other => other.Name == tenant.Name))
            {
                table.ErrorAt("name", $"{TomlText.Quote(tenant.Name)} is the name of an earlier tenant; names are unique");
            }

            foreach (CallerPattern caller in tenant.Callers)
            {
                // Whose limits would count? A caller belongs to one tenant.
                if (!owners.TryAdd(caller, tenant.Name))
                {
                    table.ErrorAt("callers", $"\"{caller}\" belongs to tenant {TomlText.Quote(owners[caller])} already");
                }
            }

            tenants.Add(tenant);
        }

        return tenants.ToImmutable();
    }

    private static TenantSettings Read(TomlSection table)
    {
        var tenant = new TenantSettings
        {
            Name = table.RequiredString("name", 64, text => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') ? null : "must be letters, digits, '-' and '_'"),
            Callers = [.. table.RequiredStrings("callers", MostCallers, 2100, CallerPattern.Fault).Where(text => CallerPattern.Fault(text) is null).Select(CallerPattern.Parse)],
            CallersPlace = table.Place("callers"),
            Roles = RoleWords.Join(table.RequiredChoices<Roles>("roles", RoleWords.All)),
            Models = table.Strings("models", MostModels, ModelName.MaxLength, NamePattern.Fault),
            Share = table.Integer("share", 1, 1, 1000),
            RequestsPerSecond = table.Integer("requests_per_second", 0, 0, 1_000_000),
            BurstRequests = table.Integer("burst_requests", 0, 0, 1_000_000),
            BytesPerSecond = table.Integer("bytes_per_second", 0L, 0, 1L << 40),
            BurstBytes = table.Integer("burst_bytes", 0L, 0, 1L << 40),
            MaxRequests = table.Integer("max_requests", 0, 0, 1_000_000),
            MaxConnections = table.Integer("max_connections", 0, 0, 1_000_000),
            MaxTensorBytes = table.Integer("max_tensor_bytes", 0L, 0, 1L << 40),
            Audit = table.Choice("audit", AuditDurability.AsConfigured, ("batched", AuditDurability.Batched), ("strict", AuditDurability.Strict)),
            MaxSmoothingSamples = table.Integer("max_smoothing_samples", 0, 0, SmoothingSettings.MostSamples),
            MaxSmoothingTime = TimeSpan.FromMilliseconds(table.Integer("max_smoothing_ms", 0, 0, SmoothingSettings.LongestMilliseconds)),
            MaxSmoothingRequests = table.Integer("max_smoothing_requests", 0, 0, 100_000),
        };
        if (tenant.Roles.HasFlag(Roles.Infer) && tenant.Models.IsEmpty)
        {
            table.Error($"[[tenant]] {TomlText.Quote(tenant.Name)} has the role infer and no 'models'; name them, or \"*\" for all");
        }

        Need(table, "burst_requests", tenant.BurstRequests, "requests_per_second", tenant.RequestsPerSecond);
        Need(table, "burst_bytes", tenant.BurstBytes, "bytes_per_second", tenant.BytesPerSecond);
        return tenant;
    }

    private static void Need(TomlSection table, string burst, long atOnce, string rate, long perSecond)
    {
        if (atOnce > 0 && perSecond == 0)
        {
            table.ErrorAt(burst, $"says how many at once, but without '{rate}' there is no limit at all; set it");
        }
    }
}
