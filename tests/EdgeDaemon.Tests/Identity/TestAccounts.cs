using EdgeDaemon.Identity;

namespace EdgeDaemon.Tests.Identity;

/// <summary>Users and groups of a device in two files of the test's own.</summary>
internal sealed class TestAccounts : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("accounts-").FullName;

    public TestAccounts(string users = "", string groups = "")
    {
        Write("passwd", users);
        Write("group", groups);
        Files = new AccountFiles(Path.Combine(_folder, "passwd"), Path.Combine(_folder, "group"), self: 990);
    }

    public AccountFiles Files { get; }

    /// <summary>As the tools of the device do it: a new file in place of the old one.</summary>
    public void Write(string file, string text)
    {
        string place = Path.Combine(_folder, file);
        File.WriteAllText(place + "+", text);
        File.Move(place + "+", place, overwrite: true);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
