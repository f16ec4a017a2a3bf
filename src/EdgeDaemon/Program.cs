using System.CommandLine;
using EdgeDaemon.Hosting;

// edged: the inference daemon. Its verbs are few; everything else is in the configuration file.
var config = new Option<FileInfo>("--config", "-c")
{
    Description = "The configuration file.",
    DefaultValueFactory = _ => new FileInfo("/etc/edged/edged.toml"),
    HelpName = "file",
};

var run = new Command("run", "Serve the signed models of the state directory until SIGTERM or SIGINT.") { config };
run.SetAction((result, cancel) => RunVerb.ExecuteAsync(result.GetValue(config)!.FullName, Console.Out, Console.Error, cancel));

var check = new Command("check", "Check the configuration and trust files; print every error at once as file:line:column: message.") { config };
check.SetAction(result => CheckVerb.Execute(result.GetValue(config)!.FullName, Console.Out, Console.Error));

var init = new Command("init", "Make the state directory and the empty release history of a new device. Once: it never replaces one.") { config };
init.SetAction(result => InitVerb.Execute(result.GetValue(config)!.FullName, Console.Out, Console.Error));

var bundle = new Argument<DirectoryInfo>("bundle") { Description = "The bundle's folder, with content/ and signatures/." };
var probe = new Command(
    "probe", "Judge a bundle as 'edged run' would before it serves: signatures, graphs, and the first load in a child process. Print what it takes; change nothing.")
{
    config,
    bundle,
};
probe.SetAction(result => ProbeVerb.Execute(result.GetValue(config)!.FullName, result.GetValue(bundle)!.FullName, Console.Out, Console.Error));

var selfTest = new Command("selftest", "Check this executable's noise on this processor: the same bits by every set of instructions, known answers, statistics.");
selfTest.SetAction(_ => SelfTestVerb.Execute(Console.Out, Console.Error));

var root = new RootCommand(
    """
    EdgeDaemon: serves signed ONNX models to local applications over a Unix socket.

    Examples:
      edged init --config /etc/edged/edged.toml
      edged check --config /etc/edged/edged.toml
      edged probe --config /etc/edged/edged.toml ./digits
      edged run --config /etc/edged/edged.toml

    Exit codes: 0 stopped as asked, or the check passed, 1 refused to start, or the check failed, 2 wrong command line.
    """)
{
    run,
    check,
    init,
    probe,
    selfTest,
    ProbeChildVerb.Command(),
};
ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
    {
        Console.Error.WriteLine($"edged: {error.Message}");
    }

    Console.Error.WriteLine("edged: see edged --help");
    return 2;
}

// Signals are the host's: it drains before it leaves, where the parser's default would cut requests off.
return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
