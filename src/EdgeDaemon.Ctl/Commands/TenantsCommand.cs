using System.CommandLine;
using System.Globalization;
using EdgeDaemon.Client;
using EdgeDaemon.Client.Control;
using EdgeDaemon.Ctl.Answers;
using EdgeDaemon.Ctl.Help;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl tenants</c>.</summary>
internal static class TenantsCommand
{
    public static Command Create()
    {
        Option<string> socket = SocketOption.Control();
        Option<string?> token = TokenOption.Create();
        var json = new Option<bool>("--json") { Description = "Print JSON, with limits, callers and every outcome." };
        var command = new CtlCommand("tenants", "List the daemon's tenants: what they may do, and what they take.", "edgectl tenants", "edgectl tenants --json")
        {
            socket, token, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var control = new ControlClient(parsed.GetRequiredValue(socket), new EdgeClientOptions { BearerToken = await TokenOption.ReadAsync(parsed, token, cancellation) });
            TenantStatusList list = await ControlRefusal.ExplainAsync("observe", () => control.TenantsAsync(cancellation));
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
            {
                output.WriteLine(ControlClient.ToJson(list));
                return (int)ExitCode.Ok;
            }

            var table = new TextTable("TENANT", "ROLES", "MODELS", "SHARE", "IN FLIGHT", "CONNECTIONS", "ANSWERED", "NOT ANSWERED");
            foreach (TenantStatus tenant in list.Tenants)
            {
                long answered = tenant.Requests.GetValueOrDefault("ok");
                table.Add(
                    tenant.Name,
                    string.Join(',', tenant.Roles),
                    tenant.Models.Count == 0 ? "-" : string.Join(',', tenant.Models),
                    Number(tenant.Share),
                    tenant.Usage is { } usage ? Number(usage.RequestsInFlight) : "-",
                    tenant.Usage is { } use ? Number(use.Connections) : "-",
                    Number(answered),
                    Number(tenant.Requests.Values.Sum() - answered));
            }

            table.Write(output);
            return (int)ExitCode.Ok;
        });
        return command;
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
