using System.Net.Sockets;

namespace EdgeDaemon.EndToEnd;

/// <summary>The sockets' files: whose they are, what lies in their way, what is left of them.</summary>
[TestClass]
public sealed class SocketFileTests
{
    [TestMethod]
    public async Task Sockets_HaveTheConfiguredModes_AndAreGoneAfterwards()
    {
        using StateDirectory state = StateDirectory.Create();
        state.Configure(inferenceMode: "0660");
        await using (Daemon daemon = await Daemon.StartAsync(state))
        {
            const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            Assert.AreEqual(Owner | UnixFileMode.GroupRead | UnixFileMode.GroupWrite, File.GetUnixFileMode(state.InferenceSocket));
            Assert.AreEqual(Owner, File.GetUnixFileMode(state.ControlSocket));
        }

        Assert.IsFalse(Path.Exists(state.InferenceSocket));
        Assert.IsFalse(Path.Exists(state.ControlSocket));
    }

    [TestMethod]
    public async Task SocketFileThatNobodyServes_IsTakenOver()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        using (var left = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            // Bound under another name: .NET deletes the file that it bound when the socket closes.
            left.Bind(new UnixDomainSocketEndPoint(state.At("left")));
            File.Move(state.At("left"), state.InferenceSocket);
        }

        Assert.IsTrue(Path.Exists(state.InferenceSocket));
        await using Daemon daemon = await Daemon.StartAsync(state);
        Assert.AreEqual("READY", daemon.Model("bench-mlp").GetProperty("state").GetString());
    }

    [TestMethod]
    public async Task SocketThatAnotherDaemonServes_IsLeftToIt()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        await using Daemon first = await Daemon.StartAsync(state);
        Command second = Command.Edged("run", "--config", state.Config);
        Assert.AreEqual(1, second.ExitCode, second.Errors);
        StringAssert.Contains(second.Errors, $"{state.Audit}: another process writes this log");

        // One with a log of its own gets as far as the socket.
        StateDirectory.Write(state.At("third.toml"), File.ReadAllText(state.Config).Replace("[audit]", "[audit]\nenabled = false", StringComparison.Ordinal));
        Command third = Command.Edged("run", "--config", state.At("third.toml"));
        Assert.AreEqual(1, third.ExitCode, third.Errors);
        StringAssert.Contains(third.Errors, $"another process is serving {state.InferenceSocket}");
        using HttpConnection connection = first.Connect();
        Assert.AreEqual(200, connection.Get("/v2/models/bench-mlp/ready").Status);
        Assert.AreEqual("READY", first.Model("bench-mlp").GetProperty("state").GetString());
    }

    [TestMethod]
    public async Task SecondSocketThatAnotherDaemonServes_IsLeftToIt_AndTheFirstIsNotLeftBehind()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        await using Daemon first = await Daemon.StartAsync(state);
        string config = File.ReadAllText(state.Config).Replace(state.InferenceSocket, state.At("other.sock"), StringComparison.Ordinal).Replace("[audit]", "[audit]\nenabled = false", StringComparison.Ordinal);
        StateDirectory.Write(state.At("second.toml"), config);
        Command second = Command.Edged("run", "--config", state.At("second.toml"));
        Assert.AreEqual(1, second.ExitCode, second.Errors);
        StringAssert.Contains(second.Errors, state.ControlSocket);
        Assert.AreEqual("READY", first.Model("bench-mlp").GetProperty("state").GetString());
        Assert.IsFalse(Path.Exists(state.At("other.sock")), "a daemon that did not start left its socket");
    }

    [TestMethod]
    public void RegularFileInTheWay_IsNotDeleted()
    {
        using StateDirectory state = StateDirectory.Create();
        File.WriteAllText(state.InferenceSocket, "somebody's");
        Command run = Command.Edged("run", "--config", state.Config);
        Assert.AreEqual(1, run.ExitCode);
        StringAssert.Contains(run.Errors, $"{state.InferenceSocket} exists and is not a socket");
        Assert.AreEqual("somebody's", File.ReadAllText(state.InferenceSocket));
    }

    [TestMethod]
    public void LinkInTheWay_IsNotFollowedNorDeleted()
    {
        using StateDirectory state = StateDirectory.Create();
        File.CreateSymbolicLink(state.InferenceSocket, state.At("nothing"));
        Command run = Command.Edged("run", "--config", state.Config);
        Assert.AreEqual(1, run.ExitCode, run.Errors);
        Assert.AreEqual(state.At("nothing"), new FileInfo(state.InferenceSocket).LinkTarget);
    }

    [TestMethod]
    public void FolderOfTheSocketThatIsMissing_IsNamed()
    {
        using StateDirectory state = StateDirectory.Create();
        File.WriteAllText(state.Config, File.ReadAllText(state.Config).Replace(state.InferenceSocket, state.At("missing/i.sock"), StringComparison.Ordinal));
        Command run = Command.Edged("run", "--config", state.Config);
        Assert.AreEqual(1, run.ExitCode);
        StringAssert.Contains(run.Errors, $"cannot listen on {state.At("missing/i.sock")}");
    }
}
