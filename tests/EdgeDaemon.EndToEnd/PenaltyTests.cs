using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;

namespace EdgeDaemon.EndToEnd;

/// <summary>Who is left outside, on the published daemon: for how long, who sees it and ends it, and that over the network nothing of what such a caller sends is even read.</summary>
[TestClass]
public sealed class PenaltyTests
{
    private const uint Offender = 61004;

    private static readonly byte[] Question = HttpConnection.Request("GET", "/v2/models/bench-mlp");
    private static readonly byte[] Malformed = Digits.Infer("bench-mlp", "{"u8);

    /// <summary>The time is so long that nothing but the lifting can end it; what is asked just before it is the control.</summary>
    [TestMethod]
    public async Task Admin_SeesWhoIsOutside_AndLetsHimInAgain()
    {
        await using Daemon daemon = await StartAsync("after = 5\nfirst_seconds = 3600\nlongest_seconds = 3600");
        Assert.AreEqual(200, Ask(daemon));
        Offend(daemon, 4);
        Assert.AreEqual(200, Ask(daemon));
        Offend(daemon, 1);
        Assert.AreEqual(0, Ask(daemon));
        StringAssert.Matches(Edgectl(daemon, "list").Succeeded().Output, new($@"(?m)^unix:{Offender}\s+\S+ \S+\s+1\s+HeadMalformedJson$"));
        Assert.AreEqual(1, MetricsTests.Scrape(daemon).Sum("edged_penalties_active"));
        Assert.AreEqual(1, Edgectl(daemon, "lift", "unix:61005").ExitCode);
        Assert.AreEqual(0, Ask(daemon), "the control: nobody has let him in");

        Assert.AreEqual("nobody is left outside\n", Edgectl(daemon, "lift", $"unix:{Offender}").Succeeded().Output);
        Assert.AreEqual(200, Ask(daemon));
        Assert.AreEqual(0, MetricsTests.Scrape(daemon).Sum("edged_penalties_active"));
        Offend(daemon, 4);
        Assert.AreEqual(200, Ask(daemon), "what was before is forgotten");
        Offend(daemon, 1);
        Assert.AreEqual(0, Ask(daemon));
        Assert.AreEqual((1, TimeSpan.FromSeconds(3600)), Penalty(daemon));
    }

    [TestMethod]
    public async Task EachTime_IsTwiceAsLong_UpToTheLongest()
    {
        await using Daemon daemon = await StartAsync("after = 3\nfirst_seconds = 1\nlongest_seconds = 3");
        foreach ((int times, int seconds) in ((int, int)[])[(1, 1), (2, 2), (3, 3), (4, 3)])
        {
            Offend(daemon, 3);
            Assert.AreEqual((times, TimeSpan.FromSeconds(seconds)), Penalty(daemon));
            await Waiting.UntilAsync(() => Ask(daemon) == 200);
        }
    }

    /// <summary>A source whose handshakes fail is cut before it has said anything: a caller that would wait is told so by the end. The controls are another address, and the same one after it was let in.</summary>
    [TestMethod]
    public async Task Address_IsCutBeforeItsFirstByte_AndAnotherIsNot()
    {
        await using TlsDaemon daemon = await TlsDaemon.StartAsync(limits: "\n[penalty]\nafter = 3\nfirst_seconds = 3600\nlongest_seconds = 3600", before: state =>
            StateDirectory.Write(state.Config, File.ReadAllText(state.Config).Replace("\"infer\", \"observe\"", "\"observe\", \"admin\"", StringComparison.Ordinal).Replace("callers = [\"self\"]\nroles = [\"observe\", \"admin\"]\nmodels = [\"*\"]", "callers = [\"self\"]\nroles = [\"observe\", \"admin\"]", StringComparison.Ordinal)));
        using (Socket silent = daemon.Dial())
        {
            Assert.IsFalse(await TlsDaemon.IsCutAsync(silent, TimeSpan.FromSeconds(1)), "the control: whoever is not outside may be silent for a while");
        }

        for (int i = 0; i < 3; i++)
        {
            Assert.IsNull(await daemon.AskAsync(null), "no certificate");
        }

        await Waiting.UntilAsync(() => daemon.Daemon.Errors.Contains("from:127.0.0.1 is outside until", StringComparison.Ordinal));
        using (Socket silent = daemon.Dial())
        {
            Assert.IsTrue(await TlsDaemon.IsCutAsync(silent, TimeSpan.FromSeconds(30)));
        }

        Assert.IsNull(await daemon.AskAsync());
        Assert.AreEqual(200, await daemon.AskAsync(from: "127.0.0.2"), "another address, the very same certificate");
        Command.Edgectl("penalties", "lift", "from:127.0.0.1", "--socket", daemon.State.ControlSocket).Succeeded();
        Assert.AreEqual(200, await daemon.AskAsync());
    }

    private static async Task<Daemon> StartAsync(string penalty)
    {
        StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        state.Configure(
            $"[penalty]\n{penalty}\n{AsUser.Tenant("operators", 0, "\"observe\", \"admin\"")}{AsUser.Tenant("offenders", Offender, "\"infer\"", "\"*\"")}{AsUser.Tenant("others", Offender + 1, "\"infer\"", "\"*\"")}",
            inferenceMode: "0660");
        AsUser.Admit(state);
        return await Daemon.StartAsync(state, ownsState: true);
    }

    private static void Offend(Daemon daemon, int times) => AsUser.Run(Offender, () =>
    {
        for (int i = 0; i < times; i++)
        {
            using HttpConnection connection = daemon.Connect();
            Assert.AreEqual(400, connection.Ask(Malformed).Status);
        }
    });

    /// <summary>0: cut.</summary>
    private static int Ask(Daemon daemon) => AsUser.Run(Offender, () =>
    {
        try
        {
            using HttpConnection connection = daemon.Connect();
            return connection.Send(Question) ? connection.Read()?.Status ?? 0 : 0;
        }
        catch (SocketException)
        {
            return 0;
        }
    });

    private static (int Times, TimeSpan Lasts) Penalty(Daemon daemon)
    {
        using HttpConnection control = daemon.ConnectControl();
        JsonElement penalty = control.Get("/control/penalties").Json.GetProperty("penalties").EnumerateArray().Single();
        Assert.AreEqual($"unix:{Offender}", penalty.GetProperty("caller").GetString());
        return (penalty.GetProperty("times").GetInt32(), Time("until") - Time("since"));

        DateTimeOffset Time(string name) => DateTimeOffset.Parse(penalty.GetProperty(name).GetString()!, CultureInfo.InvariantCulture);
    }

    private static Command Edgectl(Daemon daemon, params string[] arguments) => Command.Edgectl(["penalties", .. arguments, "--socket", daemon.State.ControlSocket]);
}
