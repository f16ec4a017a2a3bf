using System.CommandLine;
using EdgeDaemon.Client;
using EdgeDaemon.Client.Control;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Ctl.Help;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl config check</c> and <c>reload</c>.</summary>
internal static class ConfigCommands
{
    /// <summary>A reload loads models, each perhaps in a child first: longer than a call usually takes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    public static Command CreateCheck() => Create(
        "check",
        "Ask the running daemon what a reload would find in edged.toml and trust.toml: every error, and what needs a restart. Nothing changes.",
        "Here 0 means that a reload would apply the files, 1 that it would not.",
        (control, cancellation) => control.CheckConfigurationAsync(cancellation),
        report => report.Good ? "good: a reload would apply it" : "a reload would apply nothing");

    public static Command CreateReload() => Create(
        "reload",
        "Make the running daemon read edged.toml, trust.toml and the bundles again, as SIGHUP does: all of it counts then, or nothing.",
        "Here 0 means that the files count now, 1 that the old ones still do.",
        (control, cancellation) => control.ReloadAsync(cancellation),
        report => report.Applied ? $"applied: {report.ModelsReady} models serve, {report.ModelsRefused} bundles are refused" : "nothing was applied");

    private static CtlCommand Create(
        string name, string summary, string exits, Func<ControlClient, CancellationToken, Task<ReloadStatus>> ask, Func<ReloadStatus, string> conclude)
    {
        Option<string> socket = SocketOption.Control();
        Option<string?> token = TokenOption.Create();
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new CtlCommand(name, summary, $"edgectl config {name}") { socket, token, json };
        command.ExitNote = exits;
        command.SetAction(async (parsed, cancellation) =>
        {
            using var control = new ControlClient(parsed.GetRequiredValue(socket), new EdgeClientOptions { Deadline = Patience, BearerToken = await TokenOption.ReadAsync(parsed, token, cancellation) });
            ReloadStatus report = await ControlRefusal.ExplainAsync("admin", () => ask(control, cancellation));
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
            {
                output.WriteLine(ControlClient.ToJson(report));
            }
            else
            {
                foreach (string error in report.Errors)
                {
                    output.WriteLine(Printable.Of(error, 2000));
                }

                foreach (string key in report.Restart)
                {
                    output.WriteLine($"needs a restart: {Printable.Of(key, 2000)}");
                }

                output.WriteLine(conclude(report));
            }

            return (int)(report.Good ? ExitCode.Ok : ExitCode.Failed);
        });
        return command;
    }
}
