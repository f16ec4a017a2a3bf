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
        DaemonOptions daemon = DaemonOptions.Control();
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new CtlCommand("status", "Show the running daemon's version, its ONNX Runtime, uptime and how many models it serves.",
            "edgectl status", "edgectl status --json")
        {
            json,
        };
        daemon.AddTo(command);
        command.SetAction((parsed, cancellation) => daemon.WithAsync(parsed, async (address, token) =>
        {
            using var control = new ControlClient(address, new EdgeClientOptions { BearerToken = token });
            DaemonStatus status = await ControlRefusal.ExplainAsync("observe", () => control.StatusAsync(cancellation));
            TextWriter output = parsed.InvocationConfiguration.Output;
            output.Write(parsed.GetValue(json) ? ControlClient.ToJson(status) + "\n" : Text(status));
            return (int)ExitCode.Ok;
        }, cancellation));
        return command;
    }

    private static string Text(DaemonStatus status) => $"""
        edged {Printable.Of(status.Version)} ({Printable.Of(status.Framework)})
        ONNX Runtime {Printable.Of(status.Runtime.Version)}
          file    {Printable.Of(status.Runtime.Path)}
          sha256  {Printable.Of(status.Runtime.Sha256)}
        up for    {TimeSpan.FromSeconds(Math.Clamp(Math.Floor(status.UptimeSeconds), 0, 1e9)):c}
        models    {status.ModelsReady} ready, {status.ModelsRefused} refused{(status.Draining ? $"; DRAINING, {status.RequestsInFlight} requests in flight" : "")}{(status.MemoryKept ? "; MEMORY IS NOT CLEARED BETWEEN TENANTS (EDGED_UNSAFE_KEEP_MEMORY)" : "")}{(status.LanesLost > 0 ? $"; {status.LanesLost} LANES WERE LOST to runs that did not end" : "")}
        {string.Concat((status.FailingMembers ?? []).Select(member => $"ALARM     {Printable.Of(member.Model)}: member {Printable.Of(member.Member)} {Failures(member.Failed, member.Late, member.LastFailureAt)}\n"))}{(status.Trust is { } trust ? Text(trust) : "")}{(status.Audit is { } audit ? Text(audit) : "")}
        """;

    public static string Failures(long failed, long late, DateTimeOffset last) => string.Create(
        CultureInfo.InvariantCulture, $"failed {failed} times, was late {late} times, last {last.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z");

    private static string Text(AuditState audit) => audit switch
    {
        { Enabled: false } => "audit     NOTHING IS RECORDED\n",
        { Accepts: false } => $"ALARM     the audit log takes no records, requests are refused: {Printable.Of(audit.Reason ?? "", 1000)}\n",
        _ => $"audit     {Printable.Of(audit.State ?? "?")}{(string.IsNullOrEmpty(audit.Reason) ? "" : $": {Printable.Of(audit.Reason, 1000)}")}\n",
    };

    private static string Text(TrustStatus trust) => string.Create(CultureInfo.InvariantCulture, $"""
        trust     version {trust.Version}, expires {trust.Expires.UtcDateTime:yyyy-MM-dd}{(trust.ClockIsBehind ? "; THE CLOCK IS BEHIND, judged as of " + trust.TrustedTime.UtcDateTime.ToString("u", CultureInfo.InvariantCulture) : "")}{(trust.Fault is { } fault ? "; NO BUNDLE CAN BE JUDGED: " + Printable.Of(fault, 1000) : "")}

        """);
}
