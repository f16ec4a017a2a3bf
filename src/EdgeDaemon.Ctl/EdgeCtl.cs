using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Ctl.Commands;

namespace EdgeDaemon.Ctl;

/// <summary>The tool as one function: arguments in, text and an exit code out. Nothing escapes it as a stack trace.</summary>
internal static class EdgeCtl
{
    public static int Run(IReadOnlyList<string> args, TextWriter output, TextWriter error)
    {
        try
        {
            ParseResult parsed;
            try
            {
                parsed = CommandTree.Build().Parse(args);
            }
            catch (InvalidOperationException twice)
            {
                // A validator asks for the value of an option that was given twice where one may stand.
                error.WriteLine($"edgectl: {Printable.Of(OnOneLine(twice.Message), 500)} See 'edgectl --help'.");
                return (int)ExitCode.Usage;
            }

            // --help on a command line that is otherwise incomplete clears the errors; then the action is not this one.
            if (parsed.Action is ParseErrorAction)
            {
                return Usage(parsed, error);
            }

            var configuration = new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false };
            return parsed.InvokeAsync(configuration).GetAwaiter().GetResult();
        }
        catch (Exception failure)
        {
            return (int)FailureReport.Write(failure, error);
        }
    }

    private static int Usage(ParseResult parsed, TextWriter error)
    {
        string path = CommandTree.PathOf(parsed.CommandResult.Command);
        error.WriteLine($"edgectl: {string.Join(" ", parsed.Errors.Select(Message))} See '{path} --help'.");
        return (int)ExitCode.Usage;
    }

    // The library lists the choices of an option one a line.
    private static string OnOneLine(string message)
    {
        const string Choices = "Must be one of:";
        int at = message.LastIndexOf(Choices, StringComparison.Ordinal);
        return at < 0
            ? message
            : $"{message[..(at + Choices.Length)]} {string.Join(", ", message[(at + Choices.Length)..].Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))}.";
    }

    private static string Message(ParseError error)
    {
        // The library does not say which argument is missing.
        string missing = error.SymbolResult is ArgumentResult { Tokens.Count: 0 } result ? $" <{result.Argument.Name}> is needed." : "";
        return Printable.Of(OnOneLine(error.Message), 500) + missing;
    }
}
