using System.Globalization;
using EdgeDaemon.Fuzz;
using EdgeDaemon.Fuzz.Targets;

// EdgeDaemon.Fuzz TARGET|all [--executions N] [--seed S]; names: each target on a line, for build.sh
FuzzTarget[] targets = [new TomlTarget(), new OipJsonTarget(), new BinaryBodyTarget(), new OmsTarget(), new OnnxTarget(), new GrpcTarget(), new TokenTarget(), new AuditTarget(), new CertificateTarget(), new BoundaryTarget()];
string name = args.Length > 0 ? args[0] : "";
if (name == "names" && args.Length == 1)
{
    Console.Out.WriteLine(string.Join('\n', [.. targets.Select(target => target.Name), NumberCampaign.Name]));
    return 0;
}

FuzzTarget[] chosen = [.. targets.Where(target => name == "all" || target.Name == name)];
Dictionary<string, int> options = new() { ["--executions"] = 20_000, ["--seed"] = 1 };
bool numbers = name is "all" or NumberCampaign.Name;
bool understood = (chosen.Length > 0 || numbers) && args.Length % 2 == 1;
for (int at = 1; understood && at < args.Length; at += 2)
{
    // An option that is passed over would make a campaign of another size than its report says.
    understood = int.TryParse(args[at + 1], NumberStyles.None, CultureInfo.InvariantCulture, out int value) && options.ContainsKey(args[at]);
    options[args[at]] = value;
}

if (!understood)
{
    Console.Error.WriteLine($"usage: EdgeDaemon.Fuzz all|{string.Join('|', targets.Select(target => target.Name))}|{NumberCampaign.Name} [--executions N] [--seed S]");
    return 2;
}

bool clean = true;
foreach (FuzzTarget target in chosen)
{
    clean &= new FuzzRun(target, Checkout.Find()).Execute(options["--executions"], options["--seed"]);
}

if (numbers)
{
    clean &= NumberCampaign.Execute(options["--executions"], options["--seed"]);
}

return clean ? 0 : 1;
