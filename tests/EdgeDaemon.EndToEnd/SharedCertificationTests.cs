using System.Text.Json;
using EdgeDaemon.Tests.Monitoring;

namespace EdgeDaemon.EndToEnd;

/// <summary>Certifications at once whose samples do not fill runs, on one lane of the published program: those of one tenant share runs, each is answered as alone, and those of two tenants share nothing.</summary>
[TestClass]
public sealed class SharedCertificationTests
{
    private const int Callers = 6;
    private const int Each = 20;

    private static readonly uint[] Users = [.. Enumerable.Range(0, Callers).Select(i => 5131u + (uint)i)];

    public required TestContext TestContext { get; init; }

    /// <summary>Thirty samples a request, runs of a hundred rows.</summary>
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task Requests_of_one_tenant_share_runs_and_those_of_several_do_not(bool apart)
    {
        string tenants = apart
            ? string.Concat(Users.Select((user, i) => AsUser.Tenant($"user{i}", user, "\"infer\"", "\"*\"")))
            : AsUser.Tenant("all", Users[0], "\"infer\"", "\"*\"").Replace($"\"unix:{Users[0]}\"", string.Join(", ", Users.Select(user => $"\"unix:{user}\"")), StringComparison.Ordinal);
        StateDirectory state = StateDirectory.Create($"[engine]\nlanes = 1\n[smoothing]\nmax_requests = 1000\n{tenants}{Operator}", "digits/digits-s25");
        StateDirectory.Write(state.Config, File.ReadAllText(state.Config).Replace("\"0600\"", "\"0660\"", StringComparison.Ordinal));
        AsUser.Admit(state);
        await using Daemon daemon = await Daemon.StartAsync(state, ownsState: true);
        await Task.WhenAll(Users.Select(user => Task.Factory.StartNew(() => AsUser.Run(user, () => Ask(daemon, (int)user)), TaskCreationOptions.LongRunning)));

        const int Requests = Callers * Each;
        PrometheusText page = Metrics(daemon);
        double runs = page.Sum("edged_smoothing_runs_total", ("model", "digits"));
        TestContext.WriteLine($"{runs} runs for {Requests} requests of 30 samples, {(apart ? "each caller a tenant" : "one tenant")}");
        Assert.AreEqual(Requests * 30, page.Sum("edged_smoothing_samples_total", ("model", "digits")));
        if (apart)
        {
            Assert.AreEqual(Requests, runs, "a run of its own for each");
        }
        else
        {
            Assert.IsLessThan(0.7 * Requests, runs);
            Assert.IsGreaterThanOrEqualTo(0.3 * Requests, runs, "control: no more than a hundred samples a run");
        }
    }

    /// <summary>What was counted in others' runs is what comes out of the samples' numbers alone.</summary>
    [TestMethod]
    public async Task Certificates_from_shared_runs_are_found_again_sample_by_sample()
    {
        await using Daemon daemon = await Daemon.StartAsync("[engine]\nlanes = 1\n[smoothing]\nmax_requests = 1000", "digits/digits-s25");
        string[][] certificates = await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Factory.StartNew(() => Certify(daemon, caller), TaskCreationOptions.LongRunning)));

        // A hundred samples choose and thirty certify: two runs alone.
        double runs = Metrics(daemon).Sum("edged_smoothing_runs_total", ("model", "digits"));
        TestContext.WriteLine($"{runs} runs for {Callers * 4} certifications of 130 samples");
        Assert.IsLessThan(2 * Callers * 4, runs);
        for (int caller = 0; caller < Callers; caller++)
        {
            foreach (string certificate in certificates[caller])
            {
                string file = daemon.State.At($"{Guid.NewGuid():N}.json");
                File.WriteAllText(file, certificate);
                Command verified = Command.Edgectl(
                    "certificate", "verify", file, "--bundle", daemon.State.Bundle("digits-s25"), "--input", Path.Combine(Installation.Models, "digits", "heldout.pgm"),
                    "--index", $"{caller}", "--library", Installation.Library).Succeeded();
                StringAssert.StartsWith(verified.Output, "true ");
            }
        }
    }

    private const string Operator = """

        [[tenant]]
        name = "operator"
        callers = ["self"]
        roles = ["observe", "admin"]
        models = ["*"]
        """;

    private static void Ask(Daemon daemon, int seed)
    {
        using HttpConnection connection = daemon.Connect();
        for (int i = 0; i < Each; i++)
        {
            HttpAnswer answer = connection.Ask(Digits.Infer("digits", Digits.Json((seed + i) % 50, 1, ",\"parameters\":{\"certify\":\"predict\",\"max_samples\":30}")));
            Assert.AreEqual(200, answer.Status, answer.Text);
            Assert.AreEqual("[30]", answer.Json.GetProperty("parameters").GetProperty("samples").GetString());
        }
    }

    private static string[] Certify(Daemon daemon, int image)
    {
        using HttpConnection connection = daemon.Connect();
        return [.. Enumerable.Range(0, 4).Select(_ =>
        {
            HttpAnswer answer = connection.Ask(Digits.Infer("digits", Digits.Json(image, 1, ",\"parameters\":{\"certify\":true,\"max_samples\":30,\"certificate\":true,\"reveal_seed\":true}")));
            Assert.AreEqual(200, answer.Status, answer.Text);
            return JsonDocument.Parse(answer.Json.GetProperty("parameters").GetProperty("certificates").GetString()!).RootElement[0].GetRawText();
        })];
    }

    private static PrometheusText Metrics(Daemon daemon)
    {
        using HttpConnection control = daemon.ConnectControl();
        return PrometheusText.Read(control.Get("/metrics").Text);
    }
}
