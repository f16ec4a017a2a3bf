using System.CommandLine;
using EdgeDaemon.Client;
using EdgeDaemon.Client.Control;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Ctl.Help;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl metrics</c>, <c>log-level</c>, <c>drain</c> and <c>undrain</c>.</summary>
internal static class OperationCommands
{
    public static Command CreateMetrics()
    {
        Option<string> socket = SocketOption.Control();
        Option<string?> token = TokenOption.Create();
        var command = new CtlCommand("metrics", "Print everything that the daemon counts, in the text format of Prometheus.", "edgectl metrics") { socket, token };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var control = new ControlClient(parsed.GetRequiredValue(socket), new EdgeClientOptions { BearerToken = await TokenOption.ReadAsync(parsed, token, cancellation) });
            parsed.InvocationConfiguration.Output.Write(await ControlRefusal.ExplainAsync("observe", () => control.MetricsAsync(cancellation)));
            return (int)ExitCode.Ok;
        });
        return command;
    }

    public static Command CreateLogLevel()
    {
        var level = new Argument<string?>("level") { Description = "error, warning, info or debug; left out, the level in force is shown.", Arity = ArgumentArity.ZeroOrOne };
        level.AcceptOnlyFromAmong("error", "warning", "info", "debug");
        Option<string> socket = SocketOption.Control();
        Option<string?> token = TokenOption.Create();
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new CtlCommand("log-level", "Show or set what the daemon writes to its log, until the next reload or start.", "edgectl log-level", "edgectl log-level debug")
        {
            level, socket, token, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var control = new ControlClient(parsed.GetRequiredValue(socket), new EdgeClientOptions { BearerToken = await TokenOption.ReadAsync(parsed, token, cancellation) });
            string? wanted = parsed.GetValue(level);
            LogLevelStatus status = wanted is null
                ? await ControlRefusal.ExplainAsync("observe", () => control.LogLevelAsync(cancellation))
                : await ControlRefusal.ExplainAsync("admin", () => control.SetLogLevelAsync(wanted, cancellation));
            parsed.InvocationConfiguration.Output.WriteLine(parsed.GetValue(json) ? ControlClient.ToJson(status) : Printable.Of(status.Level));
            return (int)ExitCode.Ok;
        });
        return command;
    }

    public static Command CreateDrain() => Switch(
        "drain",
        "Take no new inference; what runs finishes, and control goes on. Listeners of inference alone close until 'edgectl undrain'.",
        (control, cancellation) => control.DrainAsync(cancellation));

    public static Command CreateUndrain() => Switch("undrain", "Take inference again after 'edgectl drain'.", (control, cancellation) => control.UndrainAsync(cancellation));

    private static CtlCommand Switch(string name, string summary, Func<ControlClient, CancellationToken, Task<DrainStatus>> ask)
    {
        Option<string> socket = SocketOption.Control();
        Option<string?> token = TokenOption.Create();
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new CtlCommand(name, summary, $"edgectl {name}") { socket, token, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var control = new ControlClient(parsed.GetRequiredValue(socket), new EdgeClientOptions { BearerToken = await TokenOption.ReadAsync(parsed, token, cancellation) });
            DrainStatus status = await ControlRefusal.ExplainAsync("admin", () => ask(control, cancellation));
            parsed.InvocationConfiguration.Output.WriteLine(
                parsed.GetValue(json) ? ControlClient.ToJson(status) : status.Draining ? $"draining, {status.RequestsInFlight} requests in flight" : "serving");
            return (int)ExitCode.Ok;
        });
        return command;
    }
}
