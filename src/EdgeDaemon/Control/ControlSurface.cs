using System.Diagnostics;
using EdgeDaemon.Admission;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Hosting;
using EdgeDaemon.Identity;
using EdgeDaemon.Listeners;
using EdgeDaemon.Monitoring;
using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Control;

/// <summary>What the device's operator may ask and change, on every listener that exposes control: the routes of <see cref="ControlRoutes"/>.</summary>
internal sealed class ControlSurface(
    ControlDocuments documents, MetricsPage metrics, Reload reload, DrainSwitch drain, LogOutput logs, PenaltyDesk penalties, ControlBody body, Authorisation authorisation, RequestAdmission admission, AuditTrail audit, ILogger log)
{
    private static readonly (string Word, LogVerbosity Level)[] Levels =
        [("error", LogVerbosity.Error), ("warning", LogVerbosity.Warning), ("info", LogVerbosity.Information), ("debug", LogVerbosity.Debug)];

    /// <summary>The word that edged.toml has for the level in force.</summary>
    public static string LevelOf(LogOutput logs) => Levels.First(level => LogOutput.LevelOf(level.Level) == logs.Lowest).Word;

    public ValueTask AnswerAsync(HttpExchange exchange)
    {
        exchange.Draft.Wire = RequestWire.Control;
        string target = exchange.Target;
        int query = target.IndexOf('?', StringComparison.Ordinal);
        string path = query < 0 ? target : target[..query];
        if (ControlRoutes.Find(exchange.Method, path, out string name, out string allowed) is not { } route)
        {
            if (allowed.Length == 0)
            {
                throw new RefusedException(Refusal.RouteUnknown, $"control: {exchange.Method} {(path.Length > 200 ? path[..200] : path)}");
            }

            exchange.SetHeader("Allow", allowed);
            throw new RefusedException(Refusal.RouteMethodNotAllowed, $"control: {exchange.Method} {path}");
        }

        Tenant tenant = authorisation.Enter(exchange, route.Access)!;
        if (query >= 0)
        {
            // A parameter that nobody looks at is one that its caller believes in.
            throw new RefusedException(Refusal.HeadParameterUnsupported, "control: a query where none belongs");
        }

        if (route.Action != ControlAction.SetLogLevel)
        {
            ControlBody.RefuseAny(exchange);
        }

        // Through the operators' own door nothing is counted: whoever is to mend a device must get in. Through any other, a question costs what a request costs.
        return exchange.Listener.IsForOperators ? ActAsync(exchange, route.Action, name, tenant) : OnAccountAsync(exchange, route.Action, name, tenant);
    }

    private async ValueTask OnAccountAsync(HttpExchange exchange, ControlAction action, string name, Tenant tenant)
    {
        var entry = new Entry();
        admission.EnterToRead(entry, tenant, exchange.HasBody ? exchange.ContentLength : 0, Stopwatch.GetTimestamp());
        try
        {
            await ActAsync(exchange, action, name, tenant);
        }
        finally
        {
            entry.Close(exchange.BodyClock.Bytes);
        }
    }

    private ValueTask ActAsync(HttpExchange exchange, ControlAction action, string name, Tenant tenant) => action switch
    {
        ControlAction.Metrics => exchange.RespondAsync(200, MetricsText.ContentType, metrics.Write()),
        ControlAction.Status => exchange.RespondJsonAsync(200, documents.Status()),
        ControlAction.Models => exchange.RespondJsonAsync(200, documents.Models()),
        ControlAction.Model => exchange.RespondJsonAsync(200, documents.Model(name)),
        ControlAction.Statistics => exchange.RespondJsonAsync(200, documents.Statistics()),
        ControlAction.Tenants => exchange.RespondJsonAsync(200, documents.Tenants()),
        ControlAction.Audit => exchange.RespondJsonAsync(200, documents.Audit()),
        ControlAction.Penalties => exchange.RespondJsonAsync(200, documents.Penalties()),
        ControlAction.LiftPenalty => LiftAsync(exchange, name, tenant),
        ControlAction.CheckConfiguration => CheckAsync(exchange),
        ControlAction.Reload => ReloadAsync(exchange, tenant),
        ControlAction.LogLevel => exchange.RespondJsonAsync(200, ControlDocuments.LogLevel(LevelOf(logs))),
        ControlAction.SetLogLevel => SetLevelAsync(exchange),
        ControlAction.Drain => DrainAsync(exchange, begin: true),
        ControlAction.EndDrain => DrainAsync(exchange, begin: false),
        _ => throw new RefusedException(Refusal.RouteUnknown, $"control: {action}"),
    };

    private async ValueTask LiftAsync(HttpExchange exchange, string caller, Tenant tenant)
    {
        if (!penalties.Lift(caller))
        {
            throw new RefusedException(Refusal.ControlNotFound, $"control: no penalty of '{caller}'");
        }

        Log.PenaltyLifted(log, caller, tenant.Name);
        await audit.ActAsync(exchange, "penalty_lifted", whom: caller);
        await exchange.RespondJsonAsync(200, documents.Penalties());
    }

    private async ValueTask CheckAsync(HttpExchange exchange) =>
        await exchange.RespondJsonAsync(200, ControlDocuments.Report(await reload.CheckAsync()));

    private async ValueTask ReloadAsync(HttpExchange exchange, Tenant tenant)
    {
        ReloadReport report = await reload.TryApplyAsync($"a request of tenant '{tenant.Name}'")
            ?? throw new RefusedException(Refusal.ControlBusy, "control: another reload is under way");
        await audit.ActAsync(exchange, "reload", after: report.Applied ? "applied" : "refused");
        await exchange.RespondJsonAsync(report.Applied ? 200 : 422, ControlDocuments.Report(report));
    }

    private async ValueTask SetLevelAsync(HttpExchange exchange)
    {
        string word = await body.ReadTextAsync(exchange, "level");
        foreach ((string known, LogVerbosity level) in Levels)
        {
            if (word == known)
            {
                string before = LevelOf(logs);
                logs.Lowest = LogOutput.LevelOf(level);
                Log.LevelChanged(log, known);
                await audit.ActAsync(exchange, "log_level", after: known, before: before);
                await exchange.RespondJsonAsync(200, ControlDocuments.LogLevel(known));
                return;
            }
        }

        throw new RefusedException(Refusal.ControlValueUnknown, $"control: a level of {word.Length} characters that is none");
    }

    private async ValueTask DrainAsync(HttpExchange exchange, bool begin)
    {
        if (begin)
        {
            drain.Begin();
        }
        else
        {
            drain.End();
        }

        await audit.ActAsync(exchange, begin ? "drain" : "undrain");
        await exchange.RespondJsonAsync(200, documents.Drain());
    }
}
