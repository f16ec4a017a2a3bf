using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using EdgeDaemon.Tests.Monitoring;

namespace EdgeDaemon.EndToEnd;

/// <summary>Certification of an ensemble of which the first two of three members end a row's vote when they agree: rows on which they do not are gathered, and certificates are found again all the same.</summary>
[TestClass]
public sealed class ConsensusCertificationTests
{
    private const int Inputs = 60;

    public required TestContext TestContext { get; init; }

    [TestMethod]
    public async Task Rows_without_consensus_are_gathered_and_certificates_are_found_again()
    {
        StateDirectory state = StateDirectory.Create("[engine]\nlanes = 1\n");
        Bundle(state);
        await using Daemon daemon = await Daemon.StartAsync(state, ownsState: true);
        (double before, double earlyBefore) = Votes(daemon);
        JsonElement answer = Certify(daemon, 0, Inputs);
        (double votes, double early) = Votes(daemon);
        Tell("in one request", votes - before, early - earlyBefore, Inputs);
        Assert.IsGreaterThan(0.6, (early - earlyBefore) / (votes - before), "of the runs so many asked two members: the rows of the others are together in a few");

        // Control: of one input alone nothing is gathered, and of its runs most have a row without consensus.
        const int Alone = 12;
        (before, earlyBefore) = (votes, early);
        for (int i = 0; i < Alone; i++)
        {
            Certify(daemon, 5 * i, 1);
        }

        (votes, early) = Votes(daemon);
        Tell("one by one", votes - before, early - earlyBefore, Alone);
        Assert.IsLessThan(0.5, (early - earlyBefore) / (votes - before));

        JsonElement[] certificates = [.. JsonDocument.Parse(answer.GetProperty("certificates").GetString()!).RootElement.EnumerateArray()];
        for (int i = 0; i < Inputs; i += 10)
        {
            string file = daemon.State.At($"{i}.json");
            File.WriteAllText(file, certificates[i].GetRawText());
            Command verified = Command.Edgectl(
                "certificate", "verify", file, "--bundle", daemon.State.Bundle("early"), "--input", Path.Combine(Installation.Models, "digits", "heldout.pgm"),
                "--index", i.ToString(CultureInfo.InvariantCulture), "--library", Installation.Library).Succeeded();
            StringAssert.StartsWith(verified.Output, "true ");
            Command.Run("python3", Path.Combine(Installation.Models, "..", "certificates", "check_certificate.py"), file).Succeeded();
        }
    }

    // digits-s25 without its self-tests, whose answers are those of all members.
    private static void Bundle(StateDirectory state)
    {
        state.Copy("digits/digits-s25", "early");
        string file = state.Content("early", "model.toml");
        string text = Regex.Replace(File.ReadAllText(file), @"(?s)\[\[self_test\]\].*?(?=\[smoothing\])", "");
        text = Regex.Replace(text, @"\[\[file\]\]\npath = ""self-test[^""]*""\nsize = \d+\n", "");
        File.WriteAllText(file, text.Replace("name = \"digits\"", "name = \"early\"", StringComparison.Ordinal).Replace("rule = \"mean\"", "rule = \"mean\"\nconsensus = 2", StringComparison.Ordinal));
        foreach (string test in Directory.GetFiles(Path.GetDirectoryName(file)!, "self-test*"))
        {
            File.Delete(test);
        }

        state.Sign("early");
    }

    private void Tell(string how, double votes, double early, int decisions) => TestContext.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{how}: {votes} runs, {early} of two members, {((2 * early) + (3 * (votes - early))) / decisions:f1} member runs a decision"));

    private static JsonElement Certify(Daemon daemon, int first, int count)
    {
        using HttpConnection connection = daemon.Connect();
        byte[] head = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$$"""
            {"parameters":{"certify":true,"radii":"0.125,0.25,0.375,0.5","max_samples":6000,"certificate":true,"reveal_seed":true},"inputs":[{"name":"image","datatype":"UINT8","shape":[{{{count}}},1,8,8],"parameters":{"binary_data_size":{{{count * Digits.Pixels}}}}}]}
            """));
        HttpAnswer answer = connection.Ask(Digits.Infer("early", head, Digits.Images.AsSpan(first * Digits.Pixels, count * Digits.Pixels)));
        Assert.AreEqual(200, answer.Status, answer.Text);
        return answer.Json.GetProperty("parameters");
    }

    private static (double Votes, double Early) Votes(Daemon daemon)
    {
        using HttpConnection control = daemon.ConnectControl();
        PrometheusText page = PrometheusText.Read(control.Get("/metrics").Text);
        return (page.Sum("edged_ensemble_votes_total", ("model", "early")), page.Sum("edged_ensemble_early_exits_total", ("model", "early")));
    }
}
