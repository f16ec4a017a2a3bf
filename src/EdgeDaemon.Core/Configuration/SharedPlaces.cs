using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Configuration;

/// <summary>
/// Whether what tenants share is enough for one place each: a tenant with none could be shut out for good by whoever comes first, and that should show here,
/// not on a busy day.
/// </summary>
internal static class SharedPlaces
{
    // Patterns beyond these are not looked at: a file of 256 tenants with 256 patterns each would take minutes.
    private const int MostPatterns = 1024;

    /// <param name="root">Gets the error when the table is not there.</param>
    /// <param name="limits">The table that <paramref name="settings"/> has its limits from; null: there is none.</param>
    /// <param name="engine">The same.</param>
    /// <param name="settings">All of its parts are read.</param>
    public static void Check(TomlSection root, TomlSection? limits, TomlSection? engine, EdgedSettings settings)
    {
        int tenants = settings.Tenants.Length;
        int unproven = settings.Listeners.Any(listen => listen.Tcp is not null) ? settings.Limits.UnprovenConnections : 0;
        int connections = settings.Limits.MaxConnections - unproven;
        if (connections < tenants)
        {
            string kept = unproven > 0 ? $", {unproven} of them kept for callers on their way through TLS," : "";
            Refuse(root, limits, "max_connections", $"is {settings.Limits.MaxConnections}{kept} and keeps no connection for each of {tenants} tenants; raise it");
        }

        // 0 says that nobody waits.
        int queue = settings.Engine.Queue;
        if (queue > 0 && tenants > queue && MostForOneModel(settings) is var most && most > queue)
        {
            Refuse(root, engine, "queue", $"is {queue} and keeps no place for each of {most} tenants who may ask the same model; raise it to {most} or more");
        }
    }

    // Of each pattern one name that it allows: so many tenants are granted that one at the least.
    private static int MostForOneModel(EdgedSettings settings)
    {
        TenantSettings[] asking = [.. settings.Tenants.Where(tenant => tenant.Roles.HasFlag(Roles.Infer))];
        return asking.SelectMany(tenant => tenant.Models)
            .Select(pattern => pattern.Replace('*', 'x').Replace('?', 'x'))
            .Distinct(StringComparer.Ordinal)
            .Take(MostPatterns)
            .Select(name => asking.Count(tenant => tenant.Models.Any(pattern => NamePattern.Matches(pattern, name))))
            .DefaultIfEmpty()
            .Max();
    }

    // Where nothing is written, the default is too small for the tenants: then they are what the error points at.
    private static void Refuse(TomlSection root, TomlSection? table, string key, string what)
    {
        if (table is not null && table.Has(key))
        {
            table.ErrorAt(key, what);
        }
        else
        {
            root.ErrorAt("tenant", $"are more than {(key == "queue" ? "[engine] queue" : "[limits] max_connections")} has places for: it {what}");
        }
    }
}
