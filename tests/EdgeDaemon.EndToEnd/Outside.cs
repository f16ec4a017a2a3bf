namespace EdgeDaemon.EndToEnd;

/// <summary>Other people's programs: where they are, and what to say when one is not. ./build.sh deps installs all of them.</summary>
internal static class Outside
{
    /// <summary>Debian's own, whose packages the tests are written with; not whatever comes first in the path.</summary>
    public const string Python = "/usr/bin/python3";

    /// <summary>A file of this project's source folder.</summary>
    public static string Source(params string[] parts) => Path.Combine([Installation.Root, "tests", "EdgeDaemon.EndToEnd", .. parts]);

    /// <summary>Null when the program is in the path; else the reason to skip.</summary>
    public static string? MissingProgram(string program, string package) =>
        Command.Run("/usr/bin/env", "bash", "-c", $"command -v {program}").ExitCode == 0 ? null : $"needs {program} ({package}; ./build.sh deps installs it)";

    /// <summary>Null when Debian's Python has the module; else the reason to skip.</summary>
    public static string? MissingPython(string module, string package) =>
        File.Exists(Python) && Command.Run(Python, "-c", $"import {module}").ExitCode == 0 ? null : $"needs {package} (./build.sh deps installs it)";

    public static void SkipIf(string? missing)
    {
        if (missing is not null)
        {
            Assert.Inconclusive($"skipped: {missing}");
        }
    }
}
