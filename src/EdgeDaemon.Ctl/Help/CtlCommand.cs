using System.CommandLine;

namespace EdgeDaemon.Ctl.Help;

/// <summary>A command whose help goes on after the options: details, examples, and what its exit codes mean.</summary>
/// <param name="name">As it is typed.</param>
/// <param name="summary">One sentence: it also stands in the list of the command above.</param>
/// <param name="examples">Command lines that work as they stand.</param>
internal sealed class CtlCommand(string name, string summary, params string[] examples) : Command(name, summary)
{
    public IReadOnlyList<string> Examples { get; } = examples;

    /// <summary>Whatever else a user has to know, wrapped at 78 columns.</summary>
    public string? Details { get; set; }

    /// <summary>What 0 and 1 mean for this command, when there is more to say than success and failure.</summary>
    public string? ExitNote { get; set; }
}
