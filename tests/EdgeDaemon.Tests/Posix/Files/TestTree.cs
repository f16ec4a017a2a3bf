using System.Diagnostics;
using System.Text;

namespace EdgeDaemon.Tests.Posix.Files;

/// <summary>A real temporary directory, with the things in it that .NET alone cannot make.</summary>
internal sealed class TestTree : IDisposable
{
    public TestTree() => Root = Directory.CreateTempSubdirectory("edged-test-").FullName;

    public string Root { get; }

    public string this[string name] => Path.Combine(Root, name);

    public string Add(string name, string content) => Add(name, Encoding.UTF8.GetBytes(content));

    public string Add(string name, byte[] content)
    {
        string path = this[name];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    public void Link(string name, string target) => File.CreateSymbolicLink(this[name], target);

    /// <summary>Runs a command of coreutils; fails the test when it fails.</summary>
    public static void Run(string command, params string[] arguments)
    {
        using Process process = Process.Start(command, arguments);
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, $"{command} {string.Join(' ', arguments)}");
    }

    // Not by .NET, which cannot remove a name that is not UTF-8.
    public void Dispose() => Run("rm", "-rf", Root);
}
