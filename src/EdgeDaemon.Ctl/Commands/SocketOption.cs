using System.CommandLine;

namespace EdgeDaemon.Ctl.Commands;

/// <summary>Where the daemon is: the option, else the environment, else where the service has it.</summary>
internal static class SocketOption
{
    public static Option<string> Inference() => Create("EDGED_SOCKET", "/run/edged/edged.sock", "inference socket");

    public static Option<string> Control() => Create("EDGED_CONTROL", "/run/edged/control.sock", "control socket");

    private static Option<string> Create(string variable, string usual, string what) => new("--socket")
    {
        Description = $"The daemon's {what}; the environment variable {variable} changes the default.",
        HelpName = "path",
        CustomParser = argument => argument.Tokens[0].Value,
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } path ? path : usual,
    };
}
