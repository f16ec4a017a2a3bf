using System.CommandLine;
using System.CommandLine.Parsing;

namespace EdgeDaemon.Ctl.Commands;

/// <summary>What <c>oms sign</c> and <c>oms verify</c> share: the names are those of the OMS conformance suite's adapters.</summary>
internal static class OmsOptions
{
    public static Option<string> Method()
    {
        var method = new Option<string>("--method") { Description = "key or certificate: which kind of trust counts is said here, never by the file.", Required = true };
        method.AcceptOnlyFromAmong("key", "certificate");
        return method;
    }

    /// <summary>What was given for it, which may be neither: a validator that asks for the value of a wrong choice gets an exception.</summary>
    public static string? GivenMethod(CommandResult result, Option<string> method) => result.GetResult(method) is { Tokens: [var given] } ? given.Value : null;

    public static Option<string> ModelPath() =>
        new("--model-path") { Description = "The model: a folder or one file.", HelpName = "path", Required = true };

    public static Option<string> Bundle() =>
        new("--bundle", "--output-bundle") { Description = "The signature file; inside the folder it is left out.", HelpName = "file", Required = true };

    public static Option<string[]> Files(string name, string description) =>
        new(name) { Description = description, HelpName = "file", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [] };

    public static Option<string[]> IgnorePaths() =>
        new("--ignore-paths") { Description = "Paths in the folder that are left out; absolute, or relative to the working folder.", HelpName = "path", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [] };
}
