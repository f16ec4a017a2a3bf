using System.CommandLine;

namespace EdgeDaemon.Ctl.Help;

/// <summary>A command whose help ends with examples and the exit codes it uses.</summary>
internal sealed class CtlCommand(string name, string description, params string[] examples) : Command(name, description)
{
    public IReadOnlyList<string> Examples { get; } = examples;

    /// <summary>What 0 and 1 mean for this command, when there is more to say than success and failure.</summary>
    public string? ExitNote { get; set; }
}
