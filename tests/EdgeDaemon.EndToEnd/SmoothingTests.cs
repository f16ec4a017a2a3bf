using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Tests.Protocol.Grpc;

namespace EdgeDaemon.EndToEnd;

/// <summary>Certificates for handwritten digits from the published program, on both wires, and what is refused.</summary>
[TestClass]
public sealed class SmoothingTests
{
    private const double Sigma = 0.25;
    private const double Unit = 255; // the bundle divides by it

    private static readonly string[] Names = ["certify", "class", "abstained", "radius", "certified_radius", "norm", "sigma", "alpha", "samples", "top_counts", "stopped"];

    private static Daemon _daemon = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext _) => _daemon = await Daemon.StartAsync("", "digits/digits-s25", "bench/bench-mlp");

    [ClassCleanup]
    public static async Task StopAsync() => await _daemon.DisposeAsync();

    [TestMethod]
    public void Held_out_digits_are_certified_on_one_sample_path_for_every_radius()
    {
        const int Count = 8;
        JsonElement answer = Certified(0, Count, "\"certify\":true,\"radii\":\"0.125,0.25,0.375,0.5\",\"max_samples\":3000");
        CollectionAssert.AreEquivalent(Names, answer.EnumerateObject().Select(parameter => parameter.Name).ToArray());
        JsonElement[] classes = List(answer, "class"), abstained = List(answer, "abstained"), radii = List(answer, "radius"), sent = List(answer, "certified_radius"), stops = List(answer, "stopped");
        int right = 0, certified = 0;
        for (int i = 0; i < Count; i++)
        {
            bool silent = abstained[i].GetBoolean();
            double radius = radii[i].GetDouble();
            Assert.AreEqual(silent, classes[i].ValueKind == JsonValueKind.Null);
            Assert.AreEqual(silent, radius == 0);
            Assert.IsTrue(sent[i].GetDouble() <= radius * Unit && sent[i].GetDouble() > (radius * Unit) - 1e-9);
            CollectionAssert.Contains((string[])["certified", "futile", "samples"], stops[i].GetString());
            right += !silent && classes[i].GetInt32() == Digits.Truth[i] ? 1 : 0;
            certified += silent ? 0 : 1;
        }

        Assert.IsTrue(certified >= 6 && right >= certified - 1, $"{certified} of {Count} certified, {right} right");
        Assert.AreEqual((Sigma, 0.001, "l2"), (answer.GetProperty("sigma").GetDouble(), answer.GetProperty("alpha").GetDouble(), answer.GetProperty("norm").GetString()));
        Assert.IsTrue(List(answer, "samples").All(samples => samples.GetInt32() >= 200), "selection, and a look at least");
    }

    [TestMethod]
    public void One_radius_is_decided_with_fewer_samples_than_a_fixed_number()
    {
        JsonElement one = Certified(0, 1, "\"certify\":\"certify\",\"radius\":0.25,\"sigma\":0.25");
        Assert.AreEqual(("certified", 0.25), (List(one, "stopped")[0].GetString(), List(one, "radius")[0].GetDouble()));
        JsonElement many = Certified(0, 1, "\"certify\":true,\"max_samples\":2000");
        Assert.AreEqual(("completed", 2100), (List(many, "stopped")[0].GetString(), List(many, "samples")[0].GetInt32()));
        Assert.IsTrue(List(one, "samples")[0].GetInt32() < 1000);
        Assert.IsTrue(List(many, "radius")[0].GetDouble() >= 0.25);
        JsonElement[] top = [.. List(many, "top_counts")[0].EnumerateArray()];
        Assert.AreEqual(Digits.Truth[0], top[0][0].GetInt32());
        Assert.IsTrue(top[0][1].GetInt32() <= 2000);
    }

    [TestMethod]
    public void Where_nothing_can_be_said_the_answer_says_so()
    {
        // Three sigmas take thousands of samples; a hundred that all agree show nothing of it.
        JsonElement answer = Certified(0, 2, "\"certify\":true,\"radius\":0.75,\"max_samples\":100");
        Assert.IsTrue(List(answer, "abstained").All(abstained => abstained.GetBoolean()));
        Assert.IsTrue(List(answer, "class").All(chosen => chosen.ValueKind == JsonValueKind.Null));
        Assert.IsTrue(List(answer, "stopped").All(stop => stop.GetString() is "samples" or "futile"));
    }

    [TestMethod]
    public void A_budget_that_ends_early_gives_what_stands_and_says_so()
    {
        JsonElement answer = Certified(0, 64, "\"certify\":true,\"max_samples\":10000,\"time_budget_ms\":1");
        Assert.IsTrue(List(answer, "stopped").All(stop => stop.GetString() == "deadline"));
        Assert.IsTrue(List(answer, "abstained").All(abstained => abstained.GetBoolean()), "of ten thousand promised samples next to none came");
    }

    [TestMethod]
    public void A_prediction_has_a_class_and_no_radius()
    {
        JsonElement answer = Certified(0, 8, "\"certify\":\"predict\",\"max_samples\":100");
        CollectionAssert.AreEquivalent(Names.Except(["radius", "certified_radius", "norm"]).ToArray(), answer.EnumerateObject().Select(parameter => parameter.Name).ToArray());
        int right = List(answer, "class").Where((chosen, i) => chosen.ValueKind == JsonValueKind.Number && chosen.GetInt32() == Digits.Truth[i]).Count();
        Assert.IsTrue(right >= 6, $"{right} of 8");
        Assert.IsTrue(List(answer, "samples").All(samples => samples.GetInt32() == 100));
    }

    [TestMethod]
    public void Both_wires_tell_the_same_things()
    {
        using var http2 = new Http2Connection(_daemon.State.InferenceSocket);
        Http2Answer answer = http2.Ask(Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame(GrpcMessage.Digits(3, Flag("certify"), Text("radii", "0.125,0.25"), Text("alpha", "0.001"))));
        Assert.AreEqual("0", answer.Status);
        Dictionary<string, byte[]> parameters = Parameters(answer);
        CollectionAssert.AreEquivalent(Names, parameters.Keys);
        JsonElement[] classes = Array(parameters["class"]), radii = Array(parameters["radius"]);
        Assert.HasCount(3, classes);
        for (int i = 0; i < 3; i++)
        {
            CollectionAssert.Contains((double[])[0, 0.125, 0.25], radii[i].GetDouble());
            Assert.IsTrue(classes[i].ValueKind == JsonValueKind.Null || classes[i].GetInt32() == Digits.Truth[i]);
        }

        Assert.AreEqual(Sigma, BitConverter.ToDouble(parameters["sigma"]));
        Assert.IsFalse(Fields(answer.Data[5..]).Any(field => field.Field == 5), "a certification has no outputs");

        http2.Dispose();
        Refused("certify", "nonsense");
        Refused("radius", "0.3");

        void Refused(string name, string value)
        {
            using var again = new Http2Connection(_daemon.State.InferenceSocket);
            Assert.AreEqual("3", again.Ask(Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame(GrpcMessage.Digits(1, name == "certify" ? Text(name, value) : Proto.Join(Flag("certify"), Text(name, value))))).Status);
        }
    }

    [TestMethod]
    public void A_certificate_is_bound_to_its_input_and_to_a_seed_that_was_drawn_before()
    {
        JsonElement answer = Certified(3, 2, "\"certify\":true,\"radii\":\"all\",\"max_samples\":1000,\"certificate\":true,\"reveal_seed\":true");
        JsonElement[] all = List(answer, "certificates");
        var seeds = new HashSet<string>();
        for (int i = 0; i < 2; i++)
        {
            var certificate = RobustnessCertificate.Parse(Encoding.UTF8.GetBytes(all[i].GetRawText()), "certificate");
            byte[] seed = Convert.FromHexString(certificate.Noise.Seed!);
            seeds.Add(certificate.Noise.Seed!);
            Assert.AreEqual(Convert.ToHexStringLower(SHA256.HashData([.. "edged noise seed commitment v1\0"u8, .. seed])), certificate.Noise.Commitment);
            Assert.AreEqual(Convert.ToHexStringLower(SHA256.HashData(Digits.Images.AsSpan((3 + i) * Digits.Pixels, Digits.Pixels))), certificate.Input.Sha256);
            Assert.AreEqual((i, 3, List(answer, "radius")[i].GetDouble()), (certificate.Noise.Row, certificate.Model.Members.Length, certificate.Result.Radius));
            Assert.AreEqual(List(answer, "samples")[i].GetInt32(), certificate.Noise.Count);
        }

        Assert.HasCount(1, seeds, "one seed for a request");
        JsonElement again = Certified(3, 1, "\"certify\":true,\"radii\":\"all\",\"max_samples\":1000,\"certificate\":true");
        var other = RobustnessCertificate.Parse(Encoding.UTF8.GetBytes(List(again, "certificates")[0].GetRawText()), "certificate");
        Assert.IsNull(other.Noise.Seed);
        Assert.AreNotEqual(other.Noise.Commitment, RobustnessCertificate.Parse(Encoding.UTF8.GetBytes(all[0].GetRawText()), "certificate").Noise.Commitment, "and another for the next");
    }

    [TestMethod]
    [DataRow("\"certify\":2", "a request parameter is not supported")]
    [DataRow("\"certify\":true,\"sigma\":0.3", "the model does not offer this sigma")]
    [DataRow("\"certify\":true,\"radius\":0.3", "the model does not offer this radius")]
    [DataRow("\"certify\":true,\"radius\":-0.25", "the model does not offer this radius")]
    [DataRow("\"certify\":true,\"alpha\":0.5", "alpha is out of the range")]
    [DataRow("\"certify\":true,\"alpha\":0", "alpha is out of the range")]
    [DataRow("\"certify\":true,\"max_samples\":0", "a budget of no samples")]
    [DataRow("\"certify\":true,\"time_budget_ms\":0", "a budget of no samples, or of no time")]
    [DataRow("\"certify\":true,\"max_samples\":100000000", "max_samples is more than may be asked for")]
    [DataRow("\"certify\":true,\"radius\":0.25,\"max_samples\":99", "max_samples is below one look of the model")]
    [DataRow("\"certify\":true,\"radius\":0.25,\"radii\":\"0.25\"", "contradict each other")]
    [DataRow("\"certify\":\"predict\",\"radius\":0.25", "contradict each other")]
    [DataRow("\"certify\":true,\"votes\":true", "contradict each other")]
    public void What_cannot_be_had_is_refused_for_what_is_wrong_with_it(string parameters, string expected)
    {
        using HttpConnection connection = _daemon.Connect();
        HttpAnswer answer = connection.Ask(Digits.Infer("digits", Digits.Json(0, 1, $",\"parameters\":{{{parameters}}}")));
        Assert.AreEqual(400, answer.Status, answer.Text);
        StringAssert.Contains(answer.Text, expected, StringComparison.Ordinal);
    }

    // Numbers go as texts over gRPC: whatever can stand in one. Each is refused for the same reason on both wires, and a good request is answered behind it.
    [TestMethod]
    [DataRow("sigma", "0x1p-2")]
    [DataRow("sigma", " 0.25")]
    [DataRow("sigma", "0.25\0")]
    [DataRow("sigma", "-0")]
    [DataRow("sigma", "\u0660.25")]
    [DataRow("sigma", "1e-400")]
    [DataRow("radius", "1e308")]
    [DataRow("radius", "0.25000000000000006")]
    [DataRow("radius", "0")]
    [DataRow("radii", "0.25,0.125")]
    [DataRow("radii", "0.125,,0.25")]
    [DataRow("radii", ",")]
    [DataRow("radii", "ALL")]
    [DataRow("alpha", "NaN")]
    [DataRow("alpha", "-0.001")]
    [DataRow("alpha", "0.1,0.2")]
    [DataRow("max_samples", "1e999")]
    [DataRow("max_samples", "99999999999999999999999999999999999")]
    [DataRow("max_samples", "9223372036854775808")]
    [DataRow("max_samples", "-1")]
    [DataRow("max_samples", "100.5")]
    [DataRow("time_budget_ms", "-1e300")]
    [DataRow("time_budget_ms", "0.5")]
    [DataRow("certificate", "true")]
    [DataRow("reveal_seed", "yes")]
    public void Nonsense_is_refused_alike_on_both_wires(string name, string value)
    {
        using HttpConnection connection = _daemon.Connect();
        HttpAnswer rest = connection.Ask(Digits.Infer("digits", Digits.Json(0, 1, $",\"parameters\":{{\"certify\":true,\"{name}\":{JsonSerializer.Serialize(value)}}}")));
        Assert.AreEqual(400, rest.Status, rest.Text);
        using var http2 = new Http2Connection(_daemon.State.InferenceSocket);
        Http2Answer grpc = http2.Ask(Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame(GrpcMessage.Digits(1, Proto.Join(Flag("certify"), Text(name, value)))));
        Assert.AreEqual("3", grpc.Status);
        StringAssert.StartsWith(Uri.UnescapeDataString(grpc.Message ?? ""), rest.Error, StringComparison.Ordinal);
        Certified(0, 1, "\"certify\":true,\"radius\":0.125,\"max_samples\":100");
    }

    [TestMethod]
    public void Sixty_five_radii_and_a_text_of_a_megabyte_are_refused()
    {
        using HttpConnection connection = _daemon.Connect();
        foreach (string radii in (string[])[string.Join(',', Enumerable.Range(1, 65).Select(i => (i / 1000.0).ToString(CultureInfo.InvariantCulture))), new string('1', 1 << 20)])
        {
            HttpAnswer answer = connection.Ask(Digits.Infer("digits", Digits.Json(0, 1, $",\"parameters\":{{\"certify\":true,\"radii\":\"{radii}\"}}")));
            Assert.AreEqual(radii.Length > 1000 ? 413 : 400, answer.Status, answer.Text);
        }

        Certified(0, 1, "\"certify\":true,\"radius\":0.125,\"max_samples\":100");
    }

    [TestMethod]
    public void A_model_without_smoothing_certifies_nothing()
    {
        using HttpConnection connection = _daemon.Connect();
        HttpAnswer answer = connection.Ask(Digits.Infer(
            Releases.Model, """{"parameters":{"certify":true},"inputs":[{"name":"x","datatype":"FP32","shape":[1,16],"data":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]}]}"""u8));
        Assert.AreEqual(400, answer.Status, answer.Text);
        StringAssert.Contains(answer.Text, "the model offers no certification", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Limits_are_the_tenants_and_a_seed_is_for_who_may_observe()
    {
        uint[] users = [5111, 5112];
        StateDirectory state = StateDirectory.Create(
            AsUser.Tenant("asks", users[0], "\"infer\"", "\"*\"") + "max_smoothing_samples = 500\n" + AsUser.Tenant("sees", users[1], "\"infer\", \"observe\"", "\"*\""), "digits/digits-s25");
        StateDirectory.Write(state.Config, File.ReadAllText(state.Config).Replace("\"0600\"", "\"0660\"", StringComparison.Ordinal));
        AsUser.Admit(state);
        await using Daemon daemon = await Daemon.StartAsync(state, ownsState: true);
        Assert.AreEqual(403, As(users[0], "\"certify\":true,\"max_samples\":100,\"certificate\":true,\"reveal_seed\":true").Status);
        Assert.AreEqual(200, As(users[1], "\"certify\":true,\"max_samples\":100,\"certificate\":true,\"reveal_seed\":true").Status);
        Assert.AreEqual(200, As(users[0], "\"certify\":true,\"max_samples\":400,\"certificate\":true").Status);
        StringAssert.Contains(As(users[0], "\"certify\":true,\"max_samples\":401").Text, "max_samples is more than may be asked for", StringComparison.Ordinal);
        Assert.AreEqual(200, As(users[1], "\"certify\":true,\"max_samples\":401").Status, "control: the limit is the other tenant's");
        HttpAnswer cut = As(users[0], "\"certify\":true");
        Assert.AreEqual(500, List(cut.Json.GetProperty("parameters"), "samples")[0].GetInt32(), "what nobody asked for is cut to what may be");

        HttpAnswer As(uint user, string parameters) => AsUser.Run(user, () =>
        {
            using HttpConnection connection = daemon.Connect();
            return connection.Ask(Digits.Infer("digits", Digits.Json(0, 1, $",\"parameters\":{{{parameters}}}")));
        });
    }

    [TestMethod]
    public void The_audit_log_has_the_certificate_and_what_its_noise_was_made_of()
    {
        JsonElement answer = Certified(0, 2, "\"certify\":true,\"radius\":0.25,\"certificate\":true,\"audit\":true");
        string[] told = [.. Array(Encoding.UTF8.GetBytes(answer.GetProperty("certificates").GetString()!)).Select(certificate => certificate.GetRawText())];
        long sequence = answer.GetProperty("audit_sequence").GetInt64();
        JsonElement[] records = [.. Command.Edgectl("audit", "tail", "--spool", _daemon.State.Audit, "--json", "-n", "1000").Succeeded().Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
        JsonElement request = records.Single(record => record.GetProperty("sequence").GetInt64() == sequence);
        string id = request.GetProperty("request_id").GetString()!;
        Assert.AreEqual(2, request.GetProperty("rows").GetInt32());
        AssertSame(answer, request);
        JsonElement[] certificates = [.. records.Where(record => record.GetProperty("kind").GetString() == "certificate" && record.GetProperty("request_id").GetString() == id)];
        CollectionAssert.AreEqual(told, certificates.Select(record => record.GetProperty("certificate_text").GetString()).ToArray());
        Assert.IsTrue(certificates.All(record => record.GetProperty("sequence").GetInt64() < sequence), "with the request's record they are on the disk");
        for (int i = 0; i < told.Length; i++)
        {
            Assert.AreEqual(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(told[i]))), certificates[i].GetProperty("certificate").GetString());
        }

        // The seed opens the commitment: the label is the README's of the noise.
        byte[] seed = Convert.FromHexString(request.GetProperty("noise_key").GetString()!);
        string commitment = Convert.ToHexStringLower(SHA256.HashData([.. "edged noise seed commitment v1\0"u8, .. seed]));
        Assert.AreEqual(commitment, request.GetProperty("noise_key_digest").GetString());
        StringAssert.Contains(told[0], commitment, StringComparison.Ordinal);
        Assert.IsFalse(told[0].Contains(request.GetProperty("noise_key").GetString()!, StringComparison.Ordinal), "the caller was not told the seed");
    }

    /// <summary>A prediction has no certificate: what was decided stands in its request's record, or nowhere.</summary>
    [TestMethod]
    public void The_audit_log_has_what_a_prediction_decided()
    {
        JsonElement answer = Certified(0, 3, "\"certify\":\"predict\",\"audit\":true");
        long sequence = answer.GetProperty("audit_sequence").GetInt64();
        JsonElement request = Command.Edgectl("audit", "tail", "--spool", _daemon.State.Audit, "--json", "-n", "1000").Succeeded().Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).Single(record => record.GetProperty("sequence").GetInt64() == sequence);
        Assert.AreEqual(3, request.GetProperty("rows").GetInt32());
        AssertSame(answer, request);
    }

    // A class, or the number of a row that abstains.
    private static void AssertSame(JsonElement answer, JsonElement request)
    {
        JsonElement[] told = List(answer, "class"), recorded = [.. request.GetProperty("class").EnumerateArray()];
        int[] abstained = request.TryGetProperty("abstained_row", out JsonElement rows) ? [.. rows.EnumerateArray().Select(row => row.GetInt32())] : [];
        Assert.HasCount(told.Length, recorded);
        for (int row = 0; row < told.Length; row++)
        {
            Assert.AreEqual(told[row].ValueKind == JsonValueKind.Null, abstained.Contains(row));
            Assert.IsTrue(abstained.Contains(row) || told[row].GetInt32() == recorded[row].GetInt32(), $"row {row}");
        }
    }

    private static JsonElement Certified(int first, int count, string parameters)
    {
        using HttpConnection connection = _daemon.Connect();
        HttpAnswer answer = connection.Ask(Digits.Infer("digits", Digits.Json(first, count, $",\"parameters\":{{{parameters}}}")));
        Assert.AreEqual(200, answer.Status, answer.Text);
        Assert.AreEqual(0, answer.Json.GetProperty("outputs").GetArrayLength());
        return answer.Json.GetProperty("parameters");
    }

    private static JsonElement[] List(JsonElement parameters, string name) => Array(Encoding.UTF8.GetBytes(parameters.GetProperty(name).GetString()!));

    private static JsonElement[] Array(byte[] json) => [.. JsonDocument.Parse(json).RootElement.EnumerateArray()];

    private static byte[] Flag(string name) => Proto.Field(4, Proto.Text(1, name), Proto.Field(2, Proto.Number(1, 1)));

    private static byte[] Text(string name, string value) => Proto.Field(4, Proto.Text(1, name), Proto.Field(2, Proto.Text(3, value)));

    // Name -> the bytes of its value: a text's, or those of a double.
    private static Dictionary<string, byte[]> Parameters(Http2Answer answer) => Fields(answer.Data[5..]).Where(field => field.Field == 4).ToDictionary(
        field => Encoding.UTF8.GetString(Fields(field.Content).Single(part => part.Field == 1).Content),
        field => Fields(Fields(field.Content).Single(part => part.Field == 2).Content).Single().Content);

    // Every wire type that a head and its parameters have; a varint's content is its digits.
    private static IEnumerable<(int Field, byte[] Content)> Fields(byte[] message)
    {
        for (int at = 0; at < message.Length;)
        {
            int tag = Varint();
            switch (tag & 7)
            {
                case 0:
                    yield return (tag >> 3, Encoding.ASCII.GetBytes(Varint().ToString(CultureInfo.InvariantCulture)));
                    break;
                case 1:
                    yield return (tag >> 3, message[at..(at += 8)]);
                    break;
                default:
                    int length = Varint();
                    yield return (tag >> 3, message[at..(at += length)]);
                    break;
            }

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
}
