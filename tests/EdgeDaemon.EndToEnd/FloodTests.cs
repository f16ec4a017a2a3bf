using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;

namespace EdgeDaemon.EndToEnd;

/// <summary>What another tenant's flood leaves: by number, by size, by connections. Each beside the same as one tenant with the flood.</summary>
[TestClass]
public sealed class FloodTests
{
    /// <summary>Forty connections against four: with a tenant of its own the four get half of the turns, as one tenant with the forty a tenth.</summary>
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task FloodByCount_LeavesAnotherItsShare(bool apart)
    {
        using StateDirectory state = StateDirectory.Create();
        byte[] request = AdmissionTests.Slow(state, 1000);
        (int good, int flood) = await CompeteAsync(state, apart, "[engine]\nlanes = 1", request, 4, request, 40);
        double share = good / (double)(good + flood);
        if (apart)
        {
            Assert.IsGreaterThan(0.45, share, $"{good} against {flood}");
        }
        else
        {
            Assert.IsLessThan(0.25, share, $"{good} against {flood}: the flood does no harm, so the test shows nothing");
        }
    }

    /// <summary>
    /// Requests 32 times as large, as many at once: turns are given by time and not by number, so that about 32 small ones are answered for each large one.
    /// Compared within one run: what the machine does besides is the same for both.
    /// </summary>
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task FloodBySize_LeavesAnotherItsShare(bool apart)
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-cnn");
        (int good, int flood) = await CompeteAsync(state, apart, "[engine]\nlanes = 1", Cnn(4), 12, Cnn(128), 12);
        double each = good / (double)Math.Max(1, flood);
        if (apart)
        {
            Assert.IsGreaterThan(16.0, each, $"{good} small ones, {flood} large ones");
        }
        else
        {
            Assert.IsLessThan(8.0, each, $"{good} small ones, {flood} large ones: the flood does no harm, so the test shows nothing");
        }
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task FloodByConnections_LeavesAnotherItsPlaces(bool apart)
    {
        OtherUser.Require();
        using StateDirectory state = StateDirectory.Create("", "digits/digits-s25");
        state.Configure("[limits]\nmax_connections = 40\n" + Tenants(apart), inferenceMode: "0660");
        OtherUser.Admit(state);
        await using Daemon daemon = await Daemon.StartAsync(state);
        using Process flood = new OtherUser(state, AdmissionTests.Other).Hold(AdmissionTests.Health, 200);
        JsonElement held = JsonDocument.Parse((await flood.StandardOutput.ReadLineAsync())!).RootElement;
        int mine = 0;
        var connections = new List<HttpConnection>();
        try
        {
            while (mine < 10)
            {
                connections.Add(daemon.Connect());
                if (connections[^1].Ask(Digits.Binary(0, 1)).Status != 200)
                {
                    break;
                }

                mine++;
            }
        }
        catch (Exception cut) when (cut is SocketException or AssertFailedException)
        {
            // No more.
        }

        connections.ForEach(connection => connection.Dispose());
        flood.StandardInput.Close();
        await flood.WaitForExitAsync();
        Assert.AreEqual(apart ? 30 : 40, OtherUser.Count(held, "200"));
        Assert.AreEqual(apart ? 10 : 0, mine);
    }

    private static byte[] Cnn(int rows) => Digits.Infer(
        "bench-cnn",
        System.Text.Encoding.UTF8.GetBytes($$$"""{"parameters":{"binary_data_output":true},"inputs":[{"name":"x","datatype":"FP32","shape":[{{{rows}}},3,32,32],"parameters":{"binary_data_size":{{{rows * 12288}}}}}]}"""),
        new byte[rows * 12288]);

    private static string Tenants(bool apart) => apart
        ? AdmissionTests.Tenant("main", "self", "") + AdmissionTests.Tenant("other", $"unix:{AdmissionTests.Other}", "")
        : AdmissionTests.Tenant("all", $"self\", \"unix:{AdmissionTests.Other}", "");

    // Both begin and end at the same time, and only what was answered in between counts.
    private static async Task<(int Good, int Flood)> CompeteAsync(StateDirectory state, bool apart, string settings, byte[] request, int connections, byte[] floodRequest, int floodConnections)
    {
        OtherUser.Require();
        state.Configure(settings + "\n" + Tenants(apart), inferenceMode: "0660");
        OtherUser.Admit(state);
        await using Daemon daemon = await Daemon.StartAsync(state);
        DateTimeOffset begin = DateTimeOffset.UtcNow.AddSeconds(2);
        DateTimeOffset end = begin.AddSeconds(5);
        Process flood = new OtherUser(state, AdmissionTests.Other).Load(floodRequest, floodConnections, begin, end);
        JsonElement good = OtherUser.Result(new OtherUser(state, 0).Load(request, connections, begin, end));
        JsonElement flooded = OtherUser.Result(flood);
        Assert.AreEqual(OtherUser.Count(good, "200") + OtherUser.Count(good, "503"), good.EnumerateObject().Sum(count => count.Value.GetInt32()), good.GetRawText());
        Console.WriteLine($"{good.GetRawText()} against {flooded.GetRawText()}");
        return (OtherUser.Count(good, "200"), OtherUser.Count(flooded, "200"));
    }
}
