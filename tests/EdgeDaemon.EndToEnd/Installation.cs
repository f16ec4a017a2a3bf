namespace EdgeDaemon.EndToEnd;

/// <summary>The published programs that the tests drive, and the files they drive them with.</summary>
internal static class Installation
{
    public static string Root { get; } = FindRoot();

    public static string Models { get; } = Path.Combine(Root, "tests", "models");

    public static string Edged => Needed(Path.Combine(Variable("EDGED_BIN", Path.Combine(Root, "artifacts", "bin")), "edged"));

    public static string Edgectl => Needed(Path.Combine(Variable("EDGED_BIN", Path.Combine(Root, "artifacts", "bin")), "edgectl"));

    public static string Library => Needed(Variable("EDGED_ORT", Path.Combine(Root, "artifacts", "runtime", "libonnxruntime.so.1")));

    /// <summary>A folder of cases that nobody on this project wrote; the test is inconclusive when there is none.</summary>
    public static string Conformance(string name)
    {
        string folder = Path.GetFullPath(Path.Combine(Variable("EDGED_CONFORMANCE", Path.Combine(Root, "..", "shared", "conformance")), name));
        if (!Path.Exists(folder))
        {
            Assert.Inconclusive($"skipped: no conformance cases at {folder} (set EDGED_CONFORMANCE)");
        }

        return folder;
    }

    private static string Variable(string name, string fallback) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : fallback;

    private static string Needed(string file)
    {
        if (!File.Exists(file))
        {
            Assert.Fail($"{file} is missing: run ./build.sh publish");
        }

        return file;
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "EdgeDaemon.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("EdgeDaemon.sln is in no folder above the tests.");
    }
}
