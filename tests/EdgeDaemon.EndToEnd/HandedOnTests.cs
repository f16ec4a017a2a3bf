namespace EdgeDaemon.EndToEnd;

/// <summary>
/// A Unix connection belongs to the user who made it: whoever gets hold of its descriptor does not speak with that user's rights. python3 plays both
/// users; each attack has a twin that differs in the user alone, and is answered.
/// </summary>
[TestClass]
public sealed class HandedOnTests
{
    private const string Common =
        """
        import array, os, socket, sys
        path, user = sys.argv[1], int(sys.argv[2])
        ask = b"GET /v2/models/stats HTTP/1.1\r\nHost: edged\r\n\r\n"
        def answer(s):
            s.settimeout(30)
            try:
                return s.recv(65536).split(b"\r\n")[0].decode() or "closed"
            except ConnectionResetError:
                return "closed"
        def to_other(run):
            child = os.fork()
            if child == 0:
                os.setgroups([])
                if user: os.setgid(user); os.setuid(user)
                run()
                os._exit(0)
            os.waitpid(child, 0)
        caller = socket.socket(socket.AF_UNIX)
        caller.connect(path)
        caller.sendall(ask)
        first = answer(caller)
        """;

    // The child has the descriptor by fork, then changes its user, as a daemon that drops its rights does.
    private const string OutlivesUser =
        """
        to_other(lambda: caller.sendall(ask))
        print(first, "|", answer(caller))
        """;

    // The descriptor travels over another socket (SCM_RIGHTS), to a process that never had it.
    private const string HandedOver =
        """
        here, there = socket.socketpair()
        def take():
            _, control, _, _ = there.recvmsg(1, socket.CMSG_SPACE(4))
            got = socket.socket(fileno=array.array("i", control[0][2])[0])
            got.sendall(ask)
        here.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [caller.fileno()]))])
        to_other(take)
        print(first, "|", answer(caller))
        """;

    // Head by one process, the rest by another, at once: two pieces that the kernel does not join.
    private const string TwoProcesses =
        """
        for _ in range(50):
            caller.send(ask[:20])
            to_other(lambda: caller.send(ask[20:]))
            again = answer(caller)
            if again == "closed": break
        print(first, "|", again)
        """;

    private const string SendsDescriptors =
        """
        for _ in range(3):
            caller.sendmsg([ask], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0] * 100))]) if user else caller.sendall(ask)
            again = answer(caller)
            if again == "closed": break
        print(first, "|", again)
        """;

    [TestMethod]
    [DataRow(OutlivesUser, DisplayName = "a process that has changed its user")]
    [DataRow(HandedOver, DisplayName = "a process that was handed the descriptor")]
    [DataRow(TwoProcesses, DisplayName = "a process that finishes what another began")]
    [DataRow(SendsDescriptors, DisplayName = "a caller that sends descriptors along")]
    public async Task Data_of_another_user_cut_the_connection_and_those_of_the_same_do_not(string attack)
    {
        if (Environment.UserName != "root")
        {
            Assert.Inconclusive("skipped: only root can become two users");
        }

        await using Daemon daemon = await Daemon.StartAsync("", "bench/bench-mlp");
        int before = Descriptors(daemon);
        Assert.AreEqual("HTTP/1.1 200 OK | HTTP/1.1 200 OK", Play(daemon, attack, user: 0), "the same user");
        Assert.DoesNotContain(" cut: ", daemon.Errors);
        Assert.AreEqual("HTTP/1.1 200 OK | closed", Play(daemon, attack, user: 12345), "another user");
        await Waiting.UntilAsync(() => daemon.Errors.Contains("connection of unix:0", StringComparison.Ordinal));
        string line = daemon.Errors.Split('\n').Single(line => line.Contains(" cut: ", StringComparison.Ordinal));
        StringAssert.Contains(line, attack == SendsDescriptors ? "open files" : "data came from unix:12345");
        await Waiting.UntilAsync(() => Descriptors(daemon) <= before);
    }

    private static string Play(Daemon daemon, string attack, int user)
    {
        Command played = Command.Run("python3", "-c", Common + "\n" + attack, daemon.State.InferenceSocket, $"{user}");
        Assert.AreEqual(0, played.ExitCode, played.Errors);
        return played.Output.Trim();
    }

    private static int Descriptors(Daemon daemon) => Directory.GetFileSystemEntries($"/proc/{daemon.Id}/fd").Length;
}
