namespace EdgeDaemon.Tests;

/// <summary>Cases and oracles that nobody on this project wrote, in a folder beside the project or where EDGED_CONFORMANCE says.</summary>
internal static class Conformance
{
    /// <summary>The folder of one kind of cases; the test is inconclusive when there is none.</summary>
    public static string Folder(string name)
    {
        string? root = Environment.GetEnvironmentVariable("EDGED_CONFORMANCE");
        if (string.IsNullOrEmpty(root))
        {
            root = Path.Combine(Repository.Root, "..", "shared", "conformance");
        }

        string folder = Path.GetFullPath(Path.Combine(root, name));
        if (!Directory.Exists(folder))
        {
            Assert.Inconclusive($"skipped: no conformance cases at {folder} (set EDGED_CONFORMANCE)");
        }

        return folder;
    }

    /// <summary>The folder of EdgeDaemon.sln.</summary>
    public static string ProjectRoot()
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
