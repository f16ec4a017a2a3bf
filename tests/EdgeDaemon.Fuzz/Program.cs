using System.Globalization;
using EdgeDaemon.Fuzz;
using EdgeDaemon.Fuzz.Targets;

// EdgeDaemon.Fuzz TARGET|all [--executions N] [--seed S]
FuzzTarget[] targets = [new TomlTarget(), new OipJsonTarget(), new BinaryBodyTarget(), new OmsTarget()];
string name = args.Length > 0 ? args[0] : "";
FuzzTarget[] chosen = [.. targets.Where(target => name == "all" || target.Name == name)];
if (chosen.Length == 0)
{
    Console.Error.WriteLine($"usage: EdgeDaemon.Fuzz all|{string.Join('|', targets.Select(target => target.Name))} [--executions N] [--seed S]");
    return 2;
}

long executions = Option("--executions", 20_000);
var seed = (int)Option("--seed", 1);
bool clean = true;
foreach (FuzzTarget target in chosen)
{
    clean &= new FuzzRun(target, Checkout.Find()).Execute(executions, seed);
}

return clean ? 0 : 1;

long Option(string option, long fallback)
{
    int at = Array.IndexOf(args, option);
    return at < 0 ? fallback : long.Parse(args[at + 1], CultureInfo.InvariantCulture);
}
