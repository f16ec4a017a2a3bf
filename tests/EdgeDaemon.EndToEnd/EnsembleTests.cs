using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using EdgeDaemon.Client;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Tests.Monitoring;
using EdgeDaemon.Tests.Protocol.Grpc;

namespace EdgeDaemon.EndToEnd;

/// <summary>The three members of digits under each rule, and crafted members of which one fails.</summary>
[TestClass]
public sealed class EnsembleTests
{
    private const int Images = 216;

    private static readonly (string Name, string Ensemble)[] Rules =
    [
        ("digits", "rule = \"mean\""), ("soft", "rule = \"probabilities\""), ("hard", "rule = \"majority\""), ("weighted", "rule = \"majority\"\nweights = [1, 1, 1.5]"),
        ("early", "rule = \"mean\"\nconsensus = 2"),
    ];

    private static Daemon _daemon = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext _)
    {
        StateDirectory state = StateDirectory.Create();
        foreach ((string name, string ensemble) in Rules)
        {
            Bundle(state, name, ensemble);
        }

        Bundle(state, "counted", "rule = \"mean\"\nconsensus = 2"); // Asked by one test alone.

        // The first member fails when a number is 4 or more; over x = [1, 1, 1] a and b choose class 0, c chooses class 2.
        byte[][] members = [CraftedModels.Picky(3, 1, 0), CraftedModels.Patient(2, 0, 1), CraftedModels.Patient(0, 0.5f, 4)];
        CraftedModels.Ensemble(state, "strict", "rule = \"mean\"", members);
        CraftedModels.Ensemble(state, "lenient", "rule = \"mean\"\non_failure = \"quorum\"\nquorum = 2", members);
        CraftedModels.Ensemble(
            state, "prompt", "rule = \"mean\"\non_failure = \"quorum\"\nquorum = 2\nmember_timeout_ms = 500",
            CraftedModels.Patient(3, 1, 0), CraftedModels.Patient(2, 0, 1), CraftedModels.Dawdling(0, 0.5f, 4));

        // Nobody has an opinion, whatever is asked: one logit of each is no number.
        CraftedModels.Ensemble(state, "blind", "rule = \"majority\"", CraftedModels.Patient(float.NaN, 1, 0), CraftedModels.Patient(1, float.NaN, 0), CraftedModels.Patient(1, 0, float.NaN));
        _daemon = await Daemon.StartAsync(state, ownsState: true);
    }

    [ClassCleanup]
    public static async Task StopAsync() => await _daemon.DisposeAsync();

    [TestMethod]
    public void Each_rule_recognises_the_held_out_digits_and_answers_in_its_form()
    {
        using HttpConnection connection = _daemon.Connect();
        foreach ((string name, string _) in Rules)
        {
            int right = 0;
            for (int first = 0; first < Images; first += 54)
            {
                HttpAnswer answer = Ask(connection, name, first, 54);
                float[] rows = Digits.JsonLogits(answer);
                JsonElement members = Parameter(answer, "members");
                for (int i = 0; i < 54; i++)
                {
                    float[] row = rows[(10 * i)..((10 * i) + 10)];
                    right += Array.IndexOf(row, row.Max()) == Digits.Truth[first + i] ? 1 : 0;
                    if (name is "soft" or "hard" or "weighted")
                    {
                        Assert.AreEqual(1, row.Sum(), 1e-5, name);
                    }

                    if (name is "hard" or "weighted")
                    {
                        // The shares, counted again from what each member is said to have chosen.
                        double third = name == "hard" ? 1 : 1.5;
                        double[] shares = new double[10];
                        shares[members.GetProperty("a")[i].GetInt32()] += 1 / (2 + third);
                        shares[members.GetProperty("b")[i].GetInt32()] += 1 / (2 + third);
                        shares[members.GetProperty("c")[i].GetInt32()] += third / (2 + third);
                        for (int k = 0; k < 10; k++)
                        {
                            Assert.AreEqual(shares[k], row[k], 1e-6);
                        }
                    }
                }
            }

            Assert.IsGreaterThanOrEqualTo(0.97, (double)right / Images, $"{name}: {right} of {Images}");
        }
    }

    [TestMethod]
    public void The_configuration_says_how_members_vote_and_promises_no_steps()
    {
        using HttpConnection connection = _daemon.Connect();
        JsonElement config = connection.Get("/v2/models/early/config").Json, parameters = config.GetProperty("parameters");
        string[] told = [.. ((string[])["ensemble_members", "ensemble_rule", "ensemble_quorum", "ensemble_consensus"]).Select(name => parameters.GetProperty(name).GetProperty("string_value").GetString()!)];
        CollectionAssert.AreEqual((string[])["3", "mean", "3", "2"], told);
        Assert.IsFalse(config.TryGetProperty("ensemble_scheduling", out _), "a client would ask for the steps' models");
        Assert.IsFalse(config.GetRawText().Contains("\"a\"", StringComparison.Ordinal), "members' names are for those who may see votes");
    }

    [TestMethod]
    public void Early_exits_show_and_answer_like_the_first_two()
    {
        using HttpConnection connection = _daemon.Connect();
        PrometheusText before = MetricsTests.Scrape(_daemon);
        int agreed = 0;
        for (int i = 0; i < 54; i++)
        {
            HttpAnswer all = Ask(connection, "digits", i, 1), early = Ask(connection, "counted", i, 1);
            JsonElement members = Parameter(all, "members");
            bool two = members.GetProperty("a")[0].GetInt32() == members.GetProperty("b")[0].GetInt32();
            agreed += two ? 1 : 0;
            Assert.AreEqual(two ? JsonValueKind.Null : JsonValueKind.Number, Parameter(early, "members").GetProperty("c")[0].ValueKind);
            if (!two)
            {
                CollectionAssert.AreEqual(Digits.JsonLogits(all), Digits.JsonLogits(early));
            }
        }

        PrometheusText after = MetricsTests.Scrape(_daemon);
        Assert.AreEqual(54, Grown("edged_ensemble_votes_total"));
        Assert.AreEqual(agreed, Grown("edged_ensemble_early_exits_total"));
        Assert.IsGreaterThan(40, agreed, "digits are easy: two of three members mostly agree");
        Assert.AreEqual(54, Grown("edged_ensemble_agreement_count"));

        double Grown(string name) => after.Sum(name, ("model", "counted")) - before.Sum(name, ("model", "counted"));
    }

    [TestMethod]
    public async Task Answers_are_the_same_bits_alone_and_in_a_crowd()
    {
        byte[][] questions = [.. Enumerable.Range(0, 16).Select(i => Digits.Binary(i, 3))];
        byte[][] alone;
        using (HttpConnection connection = _daemon.Connect())
        {
            alone = [.. questions.Select(question => connection.Ask(question).Binary.ToArray())];
        }

        await Task.WhenAll(Enumerable.Range(0, 8).Select(client => Task.Run(() =>
        {
            using HttpConnection connection = _daemon.Connect();
            for (int i = 0; i < 100; i++)
            {
                CollectionAssert.AreEqual(alone[(client + i) % 16], connection.Ask(questions[(client + i) % 16]).Binary.ToArray());
            }
        })));
    }

    [TestMethod]
    public async Task Votes_are_told_alike_on_both_wires_and_only_when_asked_for()
    {
        using HttpConnection connection = _daemon.Connect();
        HttpAnswer rest = Ask(connection, "digits", 0, 3);
        string[] names = ["agreement", "entropy", "members", "failed_members"];
        using var http2 = new Http2Connection(_daemon.State.InferenceSocket);
        Dictionary<string, string> grpc = Parameters(http2.Ask(
            Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame(GrpcMessage.Digits(3, Proto.Field(4, Proto.Text(1, "votes"), Proto.Field(2, Proto.Number(1, 1)))))));
        foreach (string name in names)
        {
            Assert.AreEqual(rest.Json.GetProperty("parameters").GetProperty(name).GetString(), grpc[name]);
        }

        CollectionAssert.AreEquivalent(names, grpc.Keys);
        Assert.AreEqual(3, Parameter(rest, "agreement").GetArrayLength());
        Assert.IsTrue(Parameter(rest, "entropy").EnumerateArray().All(entropy => entropy.GetDouble() is >= 0 and <= 2.3025851));
        Assert.AreEqual("[]", Parameter(rest, "failed_members").GetRawText());

        foreach (EdgeWire wire in Enum.GetValues<EdgeWire>())
        {
            using var client = new EdgeClient(EdgeAddress.UnixSocket(_daemon.State.InferenceSocket), new EdgeClientOptions { Wire = wire });
            var question = new InferenceRequest("digits", [new InputTensor("image", ElementType.UInt8, [3, 1, 8, 8], Digits.Images.AsMemory(0, 3 * Digits.Pixels))]);
            InferenceAnswer told = await client.InferAsync(question with { Votes = true }, CancellationToken.None);
            Assert.AreEqual(grpc["members"], told.Parameters["members"].GetString());
            Assert.IsEmpty((await client.InferAsync(question, CancellationToken.None)).Parameters);
        }

        // The tool says the same, to people and to programs.
        string[] ask = ["infer", "digits", "--socket", _daemon.State.InferenceSocket, "--image", Path.Combine(Installation.Models, "digits", "heldout.pgm"), "--votes"];
        using (JsonDocument members = JsonDocument.Parse(grpc["members"]))
        using (JsonDocument shown = JsonDocument.Parse(Command.Edgectl([.. ask, "--json", "--grpc"]).Succeeded().Output))
        {
            string lines = Command.Edgectl(ask).Succeeded().Output;
            string[] labels = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
            StringAssert.Contains(lines, "agreement ", StringComparison.Ordinal);
            foreach (JsonProperty member in members.RootElement.EnumerateObject())
            {
                StringAssert.Contains(lines, $"  {member.Name}  {labels[member.Value[0].GetInt32()]}\n", StringComparison.Ordinal);
                Assert.AreEqual(member.Value[0].GetInt32(), shown.RootElement.GetProperty("votes").GetProperty("members").GetProperty(member.Name)[0].GetInt32());
            }
        }

        // Not asked for: no parameters at all.
        Assert.IsFalse(connection.Ask(Digits.Infer("digits", Digits.Json(0, 1))).Json.TryGetProperty("parameters", out _));
        Assert.IsFalse(connection.Ask(Digits.Infer("digits", Digits.Json(0, 1, ""","parameters":{"votes":false}"""))).Json.TryGetProperty("parameters", out _));
        Assert.IsEmpty(Parameters(http2.Ask(Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame(GrpcMessage.Digits(1)))));
        Refused(connection.Ask(Digits.Infer("digits", Digits.Json(0, 1, ""","parameters":{"votes":1}"""))), 400, "a request parameter is not supported");
    }

    [TestMethod]
    public async Task Votes_are_for_who_may_observe()
    {
        uint[] users = [5101, 5102, 5103];
        StateDirectory state = StateDirectory.Create(
            AsUser.Tenant("asks", users[0], "\"infer\"", "\"*\"") + AsUser.Tenant("sees", users[1], "\"infer\", \"observe\"", "\"*\"") + AsUser.Tenant("governs", users[2], "\"infer\", \"admin\"", "\"*\""),
            "digits/digits-s25", "bench/bench-mlp");
        StateDirectory.Write(state.Config, File.ReadAllText(state.Config).Replace("\"0600\"", "\"0660\"", StringComparison.Ordinal));
        AsUser.Admit(state);
        await using Daemon daemon = await Daemon.StartAsync(state, ownsState: true);
        byte[] question = Digits.Infer("digits", Digits.Json(0, 1, ""","parameters":{"votes":true}"""));
        Refused(As(users[0], question), 403, "not permitted");
        Assert.AreEqual(200, As(users[0], Digits.Infer("digits", Digits.Json(0, 1))).Status);
        Assert.AreEqual(200, As(users[1], question).Status);
        Assert.AreEqual(200, As(users[2], question).Status);

        // One member has no votes to show.
        Refused(As(users[1], Digits.Infer(Releases.Model, """{"parameters":{"votes":true},"inputs":[{"name":"x","datatype":"FP32","shape":[1,16],"data":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]}]}"""u8)), 400, "a request parameter is not supported");

        HttpAnswer As(uint user, byte[] asked) => AsUser.Run(user, () =>
        {
            using HttpConnection connection = daemon.Connect();
            return connection.Ask(asked);
        });
    }

    [TestMethod]
    public async Task A_failing_member_fails_the_strict_ensemble_is_left_out_of_the_lenient_one_and_raises_an_alarm()
    {
        using HttpConnection connection = _daemon.Connect();
        for (int round = 0; round < 30; round++)
        {
            Near([5 / 3.0, 0.5, 5 / 3.0], connection.Ask(Three("strict", 1)));
            Refused(connection.Ask(Three("strict", 4)), 500, "the model could not process this input");
            HttpAnswer answer = connection.Ask(Three("lenient", 4));
            Near([4, 1, 10], answer);
            Assert.AreEqual("""["a"]""", Parameter(answer, "failed_members").GetRawText());
            Assert.AreEqual("""{"a":[null],"b":[0],"c":[2]}""", Parameter(answer, "members").GetRawText());
            Assert.AreEqual("[0.5]", Parameter(answer, "agreement").GetRawText());
            Near([5 / 3.0, 0.5, 5 / 3.0], connection.Ask(Three("lenient", 1)));
        }

        PrometheusText page = MetricsTests.Scrape(_daemon);
        foreach (string model in (string[])["strict", "lenient"])
        {
            Assert.AreEqual(30, page.Sum("edged_member_failures_total", ("model", model), ("member", "a"), ("cause", "failed")));
            Assert.AreEqual(30, page.Sum("edged_member_failures_total", ("model", model)));

            // A line for the first; the others are counted until the next one, a minute later.
            await Waiting.UntilAsync(() => _daemon.Count($"member a of model {model} failed") > 0);
            Assert.AreEqual(1, _daemon.Count($"member a of model {model} failed"));
            StringAssert.Matches(
                Command.Edgectl("status", "--socket", _daemon.State.ControlSocket).Succeeded().Output, new Regex($@"(?m)^ALARM +{model}: member a failed 30 times, was late 0 times, last 20\d\d-"));
            StringAssert.Contains(Command.Edgectl("model", "status", model, "--socket", _daemon.State.ControlSocket).Succeeded().Output, "failed 30 times", StringComparison.Ordinal);
        }

        Assert.IsFalse(Command.Edgectl("status", "--socket", _daemon.State.ControlSocket).Output.Contains("digits: member", StringComparison.Ordinal));
    }

    [TestMethod]
    [Timeout(60_000)]
    public void A_late_member_is_stopped_left_out_and_told()
    {
        using HttpConnection connection = _daemon.Connect();
        Near([5 / 3.0, 0.5, 5 / 3.0], connection.Ask(Three("prompt", 1)));

        // 2^30 turns of a loop take minutes.
        const int Endless = 1 << 30;
        HttpAnswer answer = connection.Ask(Three("prompt", Endless));
        Assert.AreEqual(200, answer.Status, answer.Text);
        Assert.AreEqual("""["c"]""", Parameter(answer, "failed_members").GetRawText());
        Assert.AreEqual(Endless * 2.5f, Digits.JsonLogits(answer)[0]);
        Near([5 / 3.0, 0.5, 5 / 3.0], connection.Ask(Three("prompt", 1)));
        Assert.AreEqual(1, MetricsTests.Scrape(_daemon).Sum("edged_member_failures_total", ("model", "prompt"), ("member", "c"), ("cause", "late")));
        StringAssert.Contains(
            Command.Edgectl("status", "--socket", _daemon.State.ControlSocket).Succeeded().Output, "prompt: member c failed 0 times, was late 1 times", StringComparison.Ordinal);
    }

    /// <summary>Shares that are all 0 would read as the first class. They are no numbers: an answer in JSON is refused, one in bytes says so itself.</summary>
    [TestMethod]
    public void A_majority_of_nobody_is_no_class()
    {
        using HttpConnection connection = _daemon.Connect();
        Refused(connection.Ask(Three("blind", 1)), 500, "an output holds NaN or infinity, which JSON cannot carry; ask for binary_data");
        HttpAnswer answer = connection.Ask(Digits.Infer("blind", """{"parameters":{"binary_data_output":true},"inputs":[{"name":"x","datatype":"FP32","shape":[3],"data":[1,2,3]}]}"""u8));
        Assert.AreEqual(200, answer.Status, answer.Text);
        float[] shares = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(answer.Binary).ToArray();
        Assert.IsTrue(shares.Length == 3 && shares.All(float.IsNaN), string.Join(' ', shares));
    }

    private static byte[] Three(string model, int value) => Digits.Infer(model, Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $$"""{"parameters":{"votes":true},"inputs":[{"name":"x","datatype":"FP32","shape":[3],"data":[{{value}},{{value}},{{value}}]}]}""")));

    private static void Near(double[] expected, HttpAnswer answer)
    {
        Assert.AreEqual(200, answer.Status, answer.Text);
        float[] given = Digits.JsonLogits(answer);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(expected[i], given[i], 1e-5);
        }
    }

    private static HttpAnswer Ask(HttpConnection connection, string model, int first, int count)
    {
        HttpAnswer answer = connection.Ask(Digits.Infer(model, Digits.Json(first, count, ""","parameters":{"votes":true}""")));
        Assert.AreEqual(200, answer.Status, answer.Text);
        return answer;
    }

    private static JsonElement Parameter(HttpAnswer answer, string name) =>
        JsonDocument.Parse(answer.Json.GetProperty("parameters").GetProperty(name).GetString()!).RootElement;

    private static Dictionary<string, string> Parameters(Http2Answer answer)
    {
        Assert.AreEqual("0", answer.Status);
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((int field, byte[] entry) in Fields(answer.Data[5..]).Where(field => field.Field == 4))
        {
            var parts = Fields(entry).ToDictionary(part => part.Field, part => part.Content);
            read.Add(Encoding.UTF8.GetString(parts[1]), Encoding.UTF8.GetString(Fields(parts[2]).Single(value => value.Field == 3).Content));
        }

        return read;
    }

    // Length-delimited fields, which is all that a head and raw contents have here.
    private static IEnumerable<(int Field, byte[] Content)> Fields(byte[] message)
    {
        for (int at = 0; at < message.Length;)
        {
            int tag = Varint(), length = Varint();
            Assert.AreEqual(2, tag & 7);
            yield return (tag >> 3, message[at..(at += length)]);

            int Varint()
            {
                int value = 0;
                for (int shift = 0; ; shift += 7)
                {
                    value |= (message[at] & 127) << shift;
                    if (message[at++] < 128)
                    {
                        return value;
                    }
                }
            }
        }
    }

    private static void Refused(HttpAnswer answer, int status, string text)
    {
        Assert.AreEqual(status, answer.Status, answer.Text);
        StringAssert.Contains(answer.Text, text, StringComparison.Ordinal);
    }

    // Another rule answers other numbers than the bundle's self-test, so that goes.
    private static void Bundle(StateDirectory state, string name, string ensemble)
    {
        state.Copy("digits/digits-s25", name);
        string file = state.Content(name, "model.toml");
        string text = File.ReadAllText(file);
        text = Regex.Replace(text, @"(?s)\[\[self_test\]\].*?(?=\[lineage\])", "");
        text = Regex.Replace(text, @"\[\[file\]\]\npath = ""self-test[^""]*""\nsize = \d+\n", "");
        text = text.Replace("name = \"digits\"", $"name = \"{name}\"", StringComparison.Ordinal).Replace("rule = \"mean\"", ensemble, StringComparison.Ordinal);
        File.WriteAllText(file, text);
        foreach (string test in Directory.GetFiles(Path.GetDirectoryName(file)!, "self-test*"))
        {
            File.Delete(test);
        }

        state.Sign(name);
    }
}
