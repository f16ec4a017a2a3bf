using System.Net.Sockets;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Listeners;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>Not beside other tests: binding sets the umask of the process.</summary>
[TestClass]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
[DoNotParallelize]
public sealed class UnixListenSocketTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("edged-listen-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "s");

    [TestMethod]
    [DataRow(0b110_000_000)]
    [DataRow(0b110_110_000)]
    public void The_socket_has_exactly_its_mode_and_the_umask_is_as_before(int mode)
    {
        UnixFileMode plain = ModeOfNewFile("before");
        using Socket socket = UnixListenSocket.Bind(Listen(mode));
        Assert.AreEqual((UnixFileMode)mode, File.GetUnixFileMode(Path));
        Assert.AreEqual(plain, ModeOfNewFile("after"));
    }

    [TestMethod]
    public void A_socket_that_nobody_serves_is_taken_over()
    {
        using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(Path));
            dead.Listen();
            // The runtime removes the file of a socket that it closes; a killed process would leave it.
            File.Move(Path, Path + ".kept");
        }

        File.Move(Path + ".kept", Path);
        using Socket socket = UnixListenSocket.Bind(Listen());
        using var caller = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        caller.Connect(new UnixDomainSocketEndPoint(Path));
        Assert.IsTrue(caller.Connected);
    }

    [TestMethod]
    public void A_socket_in_use_is_refused_and_stays()
    {
        using Socket first = UnixListenSocket.Bind(Listen());
        StringAssert.Contains(Refused(), "another process is serving", StringComparison.Ordinal);
        Assert.IsTrue(File.Exists(Path));
    }

    [TestMethod]
    public void A_regular_file_and_a_folder_are_refused_and_stay()
    {
        File.WriteAllText(Path, "precious");
        StringAssert.Contains(Refused(), "is not a socket", StringComparison.Ordinal);
        Assert.AreEqual("precious", File.ReadAllText(Path));
        File.Delete(Path);
        Directory.CreateDirectory(Path);
        Refused();
        Assert.IsTrue(Directory.Exists(Path));
    }

    [TestMethod]
    public void A_link_is_refused_and_stays_also_when_it_leads_nowhere_or_to_a_socket()
    {
        using Socket other = UnixListenSocket.Bind(Listen() with { UnixPath = Path + "2" });
        foreach (string target in (string[])["/nonexistent", Path + "2"])
        {
            File.CreateSymbolicLink(Path, target);
            StringAssert.Contains(Refused(), "is not a socket", StringComparison.Ordinal);
            Assert.AreEqual(target, new FileInfo(Path).LinkTarget);
            File.Delete(Path);
        }
    }

    [TestMethod]
    public void A_missing_directory_is_refused_with_what_to_do() =>
        StringAssert.Contains(
            Assert.ThrowsExactly<ListenException>(() => UnixListenSocket.Bind(Listen() with { UnixPath = $"{_folder}/none/s" })).Message,
            "Does its directory exist",
            StringComparison.Ordinal);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Refused() => Assert.ThrowsExactly<ListenException>(() => UnixListenSocket.Bind(Listen())).Message;

    private ListenSettings Listen(int mode = 0b110_000_000) => new() { Name = "a", UnixPath = Path, Mode = mode, Surfaces = [ListenSurface.Inference] };

    private UnixFileMode ModeOfNewFile(string name)
    {
        string file = System.IO.Path.Combine(_folder, name);
        File.WriteAllText(file, "");
        return File.GetUnixFileMode(file);
    }
}
