using System.CommandLine;
using EdgeDaemon.Client;
using EdgeDaemon.Client.Control;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Ctl.Answers;
using EdgeDaemon.Ctl.Help;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl model list</c>.</summary>
internal static class ModelListCommand
{
    public static Command Create()
    {
        Option<string> socket = SocketOption.Control();
        Option<string?> token = TokenOption.Create();
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new CtlCommand("list", "List every bundle on the device: the models served, and the refused ones with the reason.",
            "edgectl model list", "edgectl model list --json")
        {
            socket, token, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var control = new ControlClient(parsed.GetRequiredValue(socket), new EdgeClientOptions { BearerToken = await TokenOption.ReadAsync(parsed, token, cancellation) });
            ModelStatusList list = await ControlRefusal.ExplainAsync("observe", () => control.ModelsAsync(cancellation));
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
            {
                output.WriteLine(ControlClient.ToJson(list));
            }
            else
            {
                Write(list, output);
            }

            return (int)ExitCode.Ok;
        });
        return command;
    }

    private static void Write(ModelStatusList list, TextWriter output)
    {
        if (list.Models.Count == 0)
        {
            output.WriteLine("no bundles found");
            return;
        }

        var table = new TextTable("FOLDER", "MODEL", "VERSION", "SEQ", "STATE", "RELEASE", "SIGNED BY");
        foreach (ModelStatus model in list.Models)
        {
            table.Add(
                model.Folder,
                model.Name ?? "-",
                model.Version ?? "-",
                model.Sequence?.ToString() ?? "-",
                model.State,
                model.ReleaseDigest is { Length: > 12 } digest ? digest[..12] : "-",
                model.SignedBy is { Count: > 0 } keys ? string.Join(",", keys) : "-");
        }

        table.Write(output);
        foreach (ModelStatus model in list.Models)
        {
            if (model.Reason.Length > 0)
            {
                output.WriteLine($"{Printable.Of(model.Folder)}: {Printable.Of(model.Reason, 1000)}");
            }
        }
    }
}
