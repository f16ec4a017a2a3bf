using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace EdgeDaemon.Ctl.Help;

/// <summary>The standard help with details, examples and exit codes behind it.</summary>
internal sealed class ExampleHelp(HelpAction standard) : SynchronousCommandLineAction
{
    /// <summary>For edgectl itself: from nothing to an answer.</summary>
    private static readonly string[] FirstSteps =
    [
        "edgectl keygen --out dev.key --trust trust.toml --name dev --models '*'",
        "edgectl bundle create ./export --name mymodel --out mymodel",
        "edgectl bundle sign mymodel --key dev.key",
        "edgectl bundle verify mymodel --trust trust.toml",
        "edgectl infer mymodel --image picture.png",
    ];

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        standard.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        var command = parseResult.CommandResult.Command as CtlCommand;
        Section(output, "Details:", command?.Details?.Split('\n') ?? []);
        Section(output, "Examples:", command?.Examples ?? FirstSteps);
        Section(output, "Exit codes:",
        [
            "0  done",
            "1  refused or failed; one line on stderr says what and what to do",
            "2  the command line makes no sense",
            "3  the daemon cannot be reached",
            .. command?.ExitNote is string note ? [note] : Array.Empty<string>(),
        ]);
        return (int)ExitCode.Ok;
    }

    private static void Section(TextWriter output, string title, IReadOnlyList<string> lines)
    {
        if (lines.Count == 0)
        {
            return;
        }

        output.WriteLine(title);
        foreach (string line in lines)
        {
            output.WriteLine(line.Length == 0 ? line : $"  {line}");
        }

        output.WriteLine();
    }
}
