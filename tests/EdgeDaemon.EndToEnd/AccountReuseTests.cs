namespace EdgeDaemon.EndToEnd;

/// <summary>
/// A user's number that a removed account leaves behind is the next one's. The daemon runs with an /etc/passwd of its own (a mount that nobody else sees), which changes under it.
/// </summary>
[TestClass]
public sealed class AccountReuseTests
{
    private const uint Reused = 61006;
    private const uint Staying = 61007;

    /// <summary>The control: another account, and the same one when it is there again.</summary>
    [TestMethod]
    public async Task NextOwnerOfANumber_IsAStranger_OnOpenConnectionsToo()
    {
        if (Environment.UserName != "root" || Command.Run("unshare", "--mount", "true").ExitCode != 0)
        {
            Assert.Inconclusive("skipped: needs root and a mount namespace of its own (unshare)");
        }

        StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        string passwd = state.At("passwd");
        string others = File.ReadAllText("/etc/passwd");
        Write("camera");
        state.Configure(Tenant("cameras", "unix:camera") + Tenant("agents", "unix:agent") + Tenant("operators", "self"), inferenceMode: "0660");
        AsUser.Admit(state);
        await using Daemon daemon = await Daemon.StartAsync(
            state, ownsState: true, under: ["unshare", "--mount", "sh", "-c", "mount --bind \"$0\" /etc/passwd && exec \"$@\"", passwd]);
        using HttpConnection open = AsUser.Run(Reused, () => Connected(daemon));

        Write("newcomer");
        await Waiting.UntilAsync(() => Ask(daemon, Reused) == 403);
        Assert.AreEqual(403, AsUser.Run(Reused, () => open.Get("/v2/models/bench-mlp").Status), "his predecessor's connection");
        Assert.AreEqual(200, Ask(daemon, Staying));
        await Waiting.UntilAsync(() => daemon.Errors.Contains("\"unix:camera\": there is no user 'camera'", StringComparison.Ordinal));

        Write("camera");
        await Waiting.UntilAsync(() => Ask(daemon, Reused) == 200);
        Assert.AreEqual(200, Ask(daemon, Staying));

        void Write(string name)
        {
            File.WriteAllText(passwd, $"{others}{name}:x:{Reused}:{Reused}::/:/bin/false\nagent:x:{Staying}:{Staying}::/:/bin/false\n");
            File.SetUnixFileMode(passwd, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
    }

    private static string Tenant(string name, string caller) => $"\n[[tenant]]\nname = \"{name}\"\ncallers = [\"{caller}\"]\nroles = [\"infer\"]\nmodels = [\"*\"]\n";

    private static HttpConnection Connected(Daemon daemon)
    {
        HttpConnection connection = daemon.Connect();
        Assert.AreEqual(200, connection.Get("/v2/models/bench-mlp").Status);
        return connection;
    }

    private static int Ask(Daemon daemon, uint user) => AsUser.Run(user, () =>
    {
        using HttpConnection connection = daemon.Connect();
        return connection.Get("/v2/models/bench-mlp").Status;
    });
}
