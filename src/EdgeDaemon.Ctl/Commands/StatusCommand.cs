using System.CommandLine;
using System.Globalization;
using EdgeDaemon.Client;
using EdgeDaemon.Client.Control;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Ctl.Help;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl status</c>: the daemon as a whole.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        Option<string> socket = SocketOption.Control();
        Option<string?> token = TokenOption.Create();
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new CtlCommand("status", "Show the running daemon's version, its ONNX Runtime, uptime and how many models it serves.",
            "edgectl status", "edgectl status --json")
        {
            socket, token, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var control = new ControlClient(parsed.GetRequiredValue(socket), new EdgeClientOptions { BearerToken = await TokenOption.ReadAsync(parsed, token, cancellation) });
            DaemonStatus status = await ControlRefusal.ExplainAsync("observe", () => control.StatusAsync(cancellation));
            TextWriter output = parsed.InvocationConfiguration.Output;
            output.Write(parsed.GetValue(json) ? ControlClient.ToJson(status) + "\n" : Text(status));
            return (int)ExitCode.Ok;
        });
        return command;
    }

    private static string Text(DaemonStatus status) => $"""
        edged {Printable.Of(status.Version)} ({Printable.Of(status.Framework)})
        ONNX Runtime {Printable.Of(status.Runtime.Version)}
          file    {Printable.Of(status.Runtime.Path)}
          sha256  {Printable.Of(status.Runtime.Sha256)}
        up for    {TimeSpan.FromSeconds(Math.Clamp(Math.Floor(status.UptimeSeconds), 0, 1e9)):c}
        models    {status.ModelsReady} ready, {status.ModelsRefused} refused{(status.Draining ? $"; DRAINING, {status.RequestsInFlight} requests in flight" : "")}
        {(status.Trust is { } trust ? Text(trust) : "")}
        """;

    private static string Text(TrustStatus trust) => string.Create(CultureInfo.InvariantCulture, $"""
        trust     version {trust.Version}, expires {trust.Expires.UtcDateTime:yyyy-MM-dd}{(trust.ClockIsBehind ? "; THE CLOCK IS BEHIND, judged as of " + trust.TrustedTime.UtcDateTime.ToString("u", CultureInfo.InvariantCulture) : "")}{(trust.Fault is { } fault ? "; NO BUNDLE CAN BE JUDGED: " + Printable.Of(fault, 1000) : "")}

        """);
}
