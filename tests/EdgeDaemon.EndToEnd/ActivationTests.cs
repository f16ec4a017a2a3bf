using System.Diagnostics;
using System.Net.Sockets;
using static EdgeDaemon.EndToEnd.Waiting;

namespace EdgeDaemon.EndToEnd;

/// <summary>Sockets that somebody else opened, handed over as systemd does it (sd_listen_fds(3)); python3 plays the manager's part.</summary>
[TestClass]
public sealed class ActivationTests
{
    // Opens each SOCKET=NAME, hands them over in this order, and becomes the daemon: its process id stays.
    private const string Manager =
        """
        import os, socket, sys
        config, given = sys.argv[2], sys.argv[3:]
        names = []
        for number, entry in enumerate(given):
            path, name = entry.split('=')
            names.append(name)
            tcp = ':' in path
            listener = socket.socket(socket.AF_INET if tcp else socket.AF_UNIX)
            os.umask(0o177)
            listener.bind((path.split(':')[0], int(path.split(':')[1])) if tcp else path)
            listener.listen(64)
            os.dup2(listener.fileno(), 100 + number)
            listener.detach()
        for number in range(len(given)):
            os.dup2(100 + number, 3 + number)
            os.set_inheritable(3 + number, True)
        os.closerange(3 + len(given), 200)
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(given)), LISTEN_FDNAMES=':'.join(names))
        os.execv(sys.argv[1], [sys.argv[1], 'run', '--config', config])
        """;

    [TestMethod]
    public async Task SocketsByName_AreServed_WhateverTheirOrder_AndStay()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        using Process daemon = Start(state, $"{state.ControlSocket}=control", $"{state.InferenceSocket}=local");
        try
        {
            // No waiting for readiness: the first request waits in the socket until the daemon runs.
            await UntilAsync(() => File.Exists(state.InferenceSocket) && File.Exists(state.ControlSocket));
            using (HttpConnection inference = await ConnectAsync(state.InferenceSocket))
            {
                Assert.AreEqual(200, inference.Get("/v2/models/bench-mlp").Status);
                Assert.AreEqual(404, inference.Get("/control/status").Status);
            }

            using (HttpConnection control = await ConnectAsync(state.ControlSocket))
            {
                Assert.AreEqual(200, control.Get("/control/status").Status);
            }
        }
        finally
        {
            using Process term = Process.Start("kill", ["-TERM", $"{daemon.Id}"]);
            await daemon.WaitForExitAsync();
        }

        Assert.AreEqual(0, daemon.ExitCode, await daemon.StandardError.ReadToEndAsync());
        Assert.IsTrue(File.Exists(state.InferenceSocket), "it is the manager's to remove");
    }

    [TestMethod]
    public async Task NetworkSocket_IsServedOverTls_AndOnlyAtTheAddressOfItsListener()
    {
        using StateDirectory state = StateDirectory.Create("", "digits/digits-s25");
        int port = TlsDaemon.Configure(state);
        using Process daemon = Start(state, $"127.0.0.1:{port}=remote");
        try
        {
            Command curl = Command.Run(
                "curl", "-s", "-S", "--cacert", state.At("ca/root.pem"), "--cert", state.At("camera.pem"), "--key", state.At("camera.key"), "-w", "%{http_code}", "-o", "/dev/null",
                "--retry", "20", "--retry-delay", "1", "--retry-connrefused", $"https://localhost:{port}/v2/models/digits").Succeeded();
            Assert.AreEqual("200", curl.Output);
        }
        finally
        {
            using Process term = Process.Start("kill", ["-TERM", $"{daemon.Id}"]);
            await daemon.WaitForExitAsync();
        }

        foreach (string other in (string[])[$"127.0.0.2:{port}=remote", $"{state.At("x")}=remote", $"127.0.0.1:{port}=local"])
        {
            using Process refused = Start(state, other);
            string errors = await refused.StandardError.ReadToEndAsync();
            await refused.WaitForExitAsync();
            Assert.AreEqual(1, refused.ExitCode, errors);
            StringAssert.Contains(errors, "must agree", StringComparison.Ordinal);
        }
    }

    [TestMethod]
    public async Task SocketWithoutAListener_StopsTheStart() =>
        await AssertRefusedAsync("no [[listen]] of edged.toml has that name", state => [$"{state.At("x")}=stranger"]);

    [TestMethod]
    public async Task SocketAtAnotherPath_StopsTheStart() =>
        await AssertRefusedAsync("ListenStream= and unix must agree", state => [$"{state.At("x")}=local"]);

    [TestMethod]
    public async Task TwoSocketsOfOneName_StopTheStart() =>
        await AssertRefusedAsync("two sockets named 'local'", state => [$"{state.InferenceSocket}=local", $"{state.At("x")}=local"]);

    [TestMethod]
    public async Task SocketThatIsOpenToMore_StopsTheStart() =>
        await AssertRefusedAsync("SocketMode= and mode must agree", state => [$"{state.InferenceSocket}=local"], Manager.Replace("0o177", "0", StringComparison.Ordinal));

    [TestMethod]
    public async Task SocketsForAnotherProcess_AreLeftAlone()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        await using Daemon daemon = await Daemon.StartAsync(
            state, environment: new Dictionary<string, string> { ["LISTEN_PID"] = "1", ["LISTEN_FDS"] = "1", ["LISTEN_FDNAMES"] = "stranger" });
        using HttpConnection connection = daemon.Connect();
        Assert.AreEqual(200, connection.Get("/v2").Status);
    }

    private static async Task AssertRefusedAsync(string reason, Func<StateDirectory, string[]> sockets, string manager = Manager)
    {
        using StateDirectory state = StateDirectory.Create();
        using Process daemon = Start(state, manager, sockets(state));
        string errors = await daemon.StandardError.ReadToEndAsync();
        await daemon.WaitForExitAsync();
        Assert.AreEqual(1, daemon.ExitCode, errors);
        StringAssert.Contains(errors, reason, StringComparison.Ordinal);
    }

    private static Process Start(StateDirectory state, params string[] sockets) => Start(state, Manager, sockets);

    private static Process Start(StateDirectory state, string manager, string[] sockets) =>
        Command.Start("/usr/bin/python3", ["-c", manager, Installation.Edged, state.Config, .. sockets]);

    private static async Task<HttpConnection> ConnectAsync(string path)
    {
        HttpConnection? made = null;
        await UntilAsync(() =>
        {
            try
            {
                made = new HttpConnection(path);
                return true;
            }
            catch (SocketException)
            {
                return false; // Bound, not yet listening.
            }
        });
        return made!;
    }
}
