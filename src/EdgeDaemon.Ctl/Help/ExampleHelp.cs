using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace EdgeDaemon.Ctl.Help;

/// <summary>The standard help with examples and exit codes behind it.</summary>
internal sealed class ExampleHelp(HelpAction standard) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        standard.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        var command = parseResult.CommandResult.Command as CtlCommand;
        if (command?.Examples.Count > 0)
        {
            output.WriteLine("Examples:");
            foreach (string example in command.Examples)
            {
                output.WriteLine($"  {example}");
            }

            output.WriteLine();
        }

        output.WriteLine("Exit codes:");
        output.WriteLine("  0  done");
        output.WriteLine("  1  refused or failed; one line on stderr says what and what to do");
        output.WriteLine("  2  the command line makes no sense");
        output.WriteLine("  3  the daemon cannot be reached");
        if (command?.ExitNote is string note)
        {
            output.WriteLine($"  {note}");
        }

        return (int)ExitCode.Ok;
    }
}
