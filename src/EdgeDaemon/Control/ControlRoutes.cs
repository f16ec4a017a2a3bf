using System.Collections.Immutable;
using EdgeDaemon.Identity;

namespace EdgeDaemon.Control;

/// <summary>What a control route does.</summary>
internal enum ControlAction
{
    Status,
    Models,
    Model,
    Statistics,
    Tenants,
    Audit,
    Penalties,
    LiftPenalty,
    CheckConfiguration,
    Reload,
    LogLevel,
    SetLogLevel,
    Drain,
    EndDrain,
    Metrics,
}

/// <summary>One route: there is none without an access.</summary>
/// <param name="Method">A route of GET answers HEAD, too.</param>
/// <param name="Path">Segments; <c>{name}</c> stands for any one that is not empty, percent-encoded as the caller sent it.</param>
/// <param name="Access">What it asks of its caller.</param>
/// <param name="Action">What it does.</param>
internal sealed record ControlRoute(string Method, string Path, Access Access, ControlAction Action)
{
    private readonly string[] _segments = Path.Split('/');

    /// <summary>Whether a path is this route's; the name in it, decoded once.</summary>
    public bool Matches(string path, out string name)
    {
        name = "";
        string[] segments = path.Split('/');
        if (segments.Length != _segments.Length)
        {
            return false;
        }

        for (int i = 0; i < segments.Length; i++)
        {
            if (_segments[i] == "{name}" && segments[i].Length > 0)
            {
                name = Uri.UnescapeDataString(segments[i]);
            }
            else if (_segments[i] != segments[i])
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>Every route of the control surface, with what it asks of its caller. What is not named here does not exist.</summary>
internal static class ControlRoutes
{
    public static readonly ImmutableArray<ControlRoute> All =
    [
        new("GET", "/metrics", Access.Observe, ControlAction.Metrics),
        new("GET", "/control/status", Access.Observe, ControlAction.Status),
        new("GET", "/control/models", Access.Observe, ControlAction.Models),
        new("GET", "/control/models/{name}", Access.Observe, ControlAction.Model),
        new("GET", "/control/statistics", Access.Observe, ControlAction.Statistics),
        new("GET", "/control/tenants", Access.Observe, ControlAction.Tenants),
        new("GET", "/control/audit", Access.Observe, ControlAction.Audit),
        new("GET", "/control/penalties", Access.Observe, ControlAction.Penalties),
        new("DELETE", "/control/penalties/{name}", Access.Admin, ControlAction.LiftPenalty),
        new("POST", "/control/config/check", Access.Admin, ControlAction.CheckConfiguration),
        new("POST", "/control/reload", Access.Admin, ControlAction.Reload),
        new("GET", "/control/log-level", Access.Observe, ControlAction.LogLevel),
        new("PUT", "/control/log-level", Access.Admin, ControlAction.SetLogLevel),
        new("POST", "/control/drain", Access.Admin, ControlAction.Drain),
        new("POST", "/control/undrain", Access.Admin, ControlAction.EndDrain),
    ];

    /// <summary>The route of a path and method; null, and what may be asked of the path instead, when there is none.</summary>
    /// <param name="name">What stands in the path for <c>{name}</c>.</param>
    /// <param name="allowed">The methods of the path, as the header Allow lists them; empty for an unknown path.</param>
    public static ControlRoute? Find(string method, string path, out string name, out string allowed)
    {
        var methods = new List<string>();
        string wanted = method == "HEAD" ? "GET" : method;
        foreach (ControlRoute route in All)
        {
            if (!route.Matches(path, out name))
            {
                continue;
            }

            if (route.Method == wanted)
            {
                allowed = "";
                return route;
            }

            methods.Add(route.Method == "GET" ? "GET, HEAD" : route.Method);
        }

        name = "";
        allowed = string.Join(", ", methods);
        return null;
    }
}
