using System.CommandLine;

namespace EdgeDaemon.Ctl.Commands;

/// <summary>The log's first public key, from where the auditor kept it.</summary>
internal static class AuditKeyOption
{
    public static Option<string> Create() => new("--key")
    {
        Description = "The log's first public key: a vkey, or a file with one, from your own copy. The one that lies in the log's folder is no evidence.",
        HelpName = "vkey",
        Required = true,
    };
}
