using System.CommandLine;
using System.Globalization;
using System.Net;
using EdgeDaemon.Client;
using EdgeDaemon.Client.Control;
using EdgeDaemon.Ctl.Answers;
using EdgeDaemon.Ctl.Help;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl penalties list</c> and <c>lift</c>.</summary>
internal static class PenaltyCommands
{
    public static Command CreateList()
    {
        Option<string> socket = SocketOption.Control();
        Option<string?> token = TokenOption.Create();
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new CtlCommand("list", "List the callers that are left outside for a while, until when, and why.", "edgectl penalties list")
        {
            socket, token, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var control = new ControlClient(parsed.GetRequiredValue(socket), new EdgeClientOptions { BearerToken = await TokenOption.ReadAsync(parsed, token, cancellation) });
            Write(await ControlRefusal.ExplainAsync("observe", () => control.PenaltiesAsync(cancellation)), parsed.GetValue(json), parsed.InvocationConfiguration.Output);
            return (int)ExitCode.Ok;
        });
        return command;
    }

    public static Command CreateLift()
    {
        var caller = new Argument<string>("caller") { Description = "As 'edgectl penalties list' names it." };
        Option<string> socket = SocketOption.Control();
        Option<string?> token = TokenOption.Create();
        var json = new Option<bool>("--json") { Description = "Print who is left outside, as JSON." };
        var command = new CtlCommand("lift", "Let a caller in again before its time, and forget how often it was outside.", "edgectl penalties lift unix:1000")
        {
            caller, socket, token, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var control = new ControlClient(parsed.GetRequiredValue(socket), new EdgeClientOptions { BearerToken = await TokenOption.ReadAsync(parsed, token, cancellation) });
            string name = parsed.GetRequiredValue(caller);
            PenaltyStatusList left;
            try
            {
                left = await ControlRefusal.ExplainAsync("admin", () => control.LiftPenaltyAsync(name, cancellation));
            }
            catch (EdgeClientException error) when (error.Status == HttpStatusCode.NotFound)
            {
                throw new CtlException($"no penalty of '{name}'; 'edgectl penalties list' shows who is outside", error);
            }

            Write(left, parsed.GetValue(json), parsed.InvocationConfiguration.Output);
            return (int)ExitCode.Ok;
        });
        return command;
    }

    private static void Write(PenaltyStatusList list, bool json, TextWriter output)
    {
        if (json)
        {
            output.WriteLine(ControlClient.ToJson(list));
            return;
        }

        if (list.Penalties.Count == 0)
        {
            output.WriteLine("nobody is left outside");
            return;
        }

        var table = new TextTable("CALLER", "UNTIL", "TIMES", "REASON");
        foreach (PenaltyStatus penalty in list.Penalties)
        {
            table.Add(
                penalty.Caller,
                penalty.Until.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                penalty.Times.ToString(CultureInfo.InvariantCulture),
                penalty.Reason);
        }

        table.Write(output);
    }
}
