using System.CommandLine;
using System.Globalization;
using EdgeDaemon.Ctl.Audit;

namespace EdgeDaemon.Ctl.Commands;

/// <summary>Where the log is: the daemon's folder, or a copy of it.</summary>
internal static class AuditSpoolOption
{
    /// <summary>Where the daemon has it unless edged.toml says otherwise.</summary>
    private const string Usual = "/var/lib/edged/audit";

    public static Option<string> Create() => new("--spool")
    {
        Description = $"The log's folder ('directory' of [audit] in edged.toml), or a copy of it; it is only read. The environment variable EDGED_AUDIT changes the default, {Usual}.",
        HelpName = "dir",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("EDGED_AUDIT") is { Length: > 0 } path ? path : Usual,
    };

    /// <summary>A reader that passes over what is damaged, says so on the error stream, and goes on: for looking, not for judging.</summary>
    public static SpoolReader Open(ParseResult parsed, Option<string> option, bool goOn = true)
    {
        TextWriter error = parsed.InvocationConfiguration.Error;
        return new SpoolReader(new SpoolFolder(parsed.GetRequiredValue(option)), goOn, text => FailureReport.Warn(text, error));
    }

    /// <summary>Says where the newest segment ends in something that is no whole record, as it does while the daemon writes a batch.</summary>
    public static void WarnOfEnd(ParseResult parsed, SpoolReader reader)
    {
        if (reader.Unfinished is { } place)
        {
            FailureReport.Warn(
                string.Create(CultureInfo.InvariantCulture, $"{place}: what stands there is no whole record: a batch that is being written, or that a power cut tore; 'edgectl audit verify' tells it from damage"),
                parsed.InvocationConfiguration.Error);
        }
    }
}
