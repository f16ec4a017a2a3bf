using System.CommandLine;
using System.Globalization;
using EdgeDaemon.Client;
using EdgeDaemon.Client.Control;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Ctl.Help;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl audit status</c>: what the running daemon says of its log; the only audit command that asks it.</summary>
internal static class AuditStatusCommand
{
    public static Command Create()
    {
        DaemonOptions daemon = DaemonOptions.Control();
        var checkpoint = new Option<bool>("--checkpoint") { Description = "Print the newest signed checkpoint alone, to be kept elsewhere: also from another machine, over TLS." };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new CtlCommand(
            "status",
            "Ask the running daemon how its audit log is: whether it takes records, how far it has come, what was lost.",
            "edgectl audit status",
            "edgectl audit status --checkpoint > checkpoint-$(date -u +%Y%m%dT%H%M%SZ)")
        {
            checkpoint, json,
        };
        daemon.AddTo(command);
        command.ExitNote = "Here 1 also means that the log takes no records, so that requests are refused.";
        command.SetAction((parsed, cancellation) => daemon.WithAsync(parsed, async (address, token) =>
        {
            using var control = new ControlClient(address, new EdgeClientOptions { BearerToken = token });
            AuditStatus status = await ControlRefusal.ExplainAsync("observe", () => control.AuditAsync(cancellation));
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(checkpoint))
            {
                output.Write(status.Checkpoint?.Note ?? throw new CtlException("the daemon has no checkpoint: it records nothing, or has only just begun"));
                return (int)ExitCode.Ok;
            }

            if (parsed.GetValue(json))
            {
                output.WriteLine(ControlClient.ToJson(status));
            }
            else
            {
                Write(status, output);
            }

            return (int)(status.Enabled && !status.Accepts ? ExitCode.Failed : ExitCode.Ok);
        }, cancellation));
        return command;
    }

    private static void Write(AuditStatus status, TextWriter output)
    {
        if (!status.Enabled)
        {
            output.WriteLine("nothing is recorded ([audit] enabled = false)");
            return;
        }

        Line(output, "state", $"{Printable.Of(status.State ?? "?")}{(status.Accepts ? "" : "; REQUESTS ARE REFUSED")}{Reason(status)}");
        Line(output, "directory", $"{Printable.Of(status.Directory ?? "?", 4096)}");
        Line(output, "records", $"{status.Size} on the disk, {status.Pending} on their way");
        Line(output, "segment", $"{status.Segment}, epoch {status.Epoch}");
        if (status.Checkpoint is { } made)
        {
            Line(output, "checkpoint", $"{made.Size} records, root {Printable.Of(made.Root)}, epoch {made.Epoch}, {made.Time.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z");
        }

        if (status.CallSeconds >= 1)
        {
            Line(output, "DISK", $"has not answered for {status.CallSeconds:0.#} s");
        }

        Line(output, "bytes", $"{status.DiskBytes} of files, {status.KeptBytes} to be kept{(status.Rules is { } rules ? FormattableString.Invariant($" of at most {rules.MaxBytes}") : "")}, {status.FreeBytes} free");
        if (status.Rules is { } law)
        {
            Line(output, "durability", $"{Printable.Of(law.Durability)}; full: {Printable.Of(law.OnFull)}, low space: {Printable.Of(law.OnLowSpace)}, error: {Printable.Of(law.OnError)}, behind: {Printable.Of(law.OnBehind)}");
        }

        foreach (KeyValuePair<string, long> dropped in status.SinceStart?.Dropped ?? new Dictionary<string, long>())
        {
            if (dropped.Value > 0)
            {
                Line(output, "DROPPED", $"{dropped.Value} records since the start: {Printable.Of(dropped.Key)}");
            }
        }
    }

    private static string Reason(AuditStatus status) => string.IsNullOrEmpty(status.Reason)
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $": {Printable.Of(status.Reason, 1000)} (since {status.Since?.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z)");

    private static void Line(TextWriter output, string name, FormattableString text) => output.WriteLine($"{name,-12} {FormattableString.Invariant(text)}");
}
