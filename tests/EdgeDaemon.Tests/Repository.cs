namespace EdgeDaemon.Tests;

/// <summary>Files of the project itself that tests hold against the code.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string File(string path) => Path.Combine(Root, path);

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "EdgeDaemon.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("EdgeDaemon.sln is in no folder above the tests.");
    }
}
