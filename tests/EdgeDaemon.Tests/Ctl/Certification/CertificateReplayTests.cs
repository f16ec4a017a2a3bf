using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Smoothing.Noise;
using EdgeDaemon.Ctl;
using EdgeDaemon.Ctl.Certification.Replay;
using EdgeDaemon.Tests.Native.Onnx;

namespace EdgeDaemon.Tests.Ctl.Certification;

/// <summary>True certificates about real nets replay; whatever is changed in one is found, and named.</summary>
[TestClass]
public sealed class CertificateReplayTests
{
    private string _folder = "";

    [TestInitialize]
    public void MakeFolder()
    {
        _folder = Directory.CreateTempSubdirectory("edged-").FullName;
        TestRuntime.Library();
    }

    [TestCleanup]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void True_certificates_replay()
    {
        Replay(DigitsCertificate.Instance.Sequential());
        Replay(DigitsCertificate.Instance.Bound());
    }

    [TestMethod]
    public void A_stop_before_everything_is_decided_replays_too()
    {
        RobustnessCertificate c = DigitsCertificate.Instance.Sequential();
        Replay(Sealed(c with { Ladder = [.. c.Ladder, new LadderStep(0.375, DigitsCertificate.Hex(DigitsCertificate.Instance.Ladder[2]))], Result = c.Result with { Stopped = StoppedBy.Deadline } }));
    }

    [TestMethod]
    public void Samples_that_failed_then_and_not_now_are_no_difference_but_a_count_too_many_is()
    {
        RobustnessCertificate c = DigitsCertificate.Instance.Bound();
        ClassCount most = c.Certification.Counts.MaxBy(count => count.Count);
        RobustnessCertificate failed = Counts(c, most.Count - 3, c.Certification.Failed + 3);
        double radius = Core.Smoothing.Statistics.CertifiedRadius.Of(Core.Smoothing.Statistics.ClopperPearson.Lower(most.Count - 3, 800, 0.001), DigitsCertificate.Sigma);
        failed = failed with { Result = failed.Result with { Radius = radius, InputRadius = CertificateResult.InUnitsOfInput(radius, 255), Agreements = most.Count - 3 } };
        Replay(Sealed(failed));
        Found("the seal is none of these words", failed); // Nor can somebody without the seed restate samples as failed.
        Found("result.radius is", failed with { Result = failed.Result with { Radius = radius * 1.01, InputRadius = CertificateResult.InUnitsOfInput(radius * 1.01, 255) } });
    }

    [TestMethod]
    public void A_path_whose_runs_failed_replays()
    {
        DigitsCertificate digits = DigitsCertificate.Instance;
        foreach (RobustnessCertificate c in (RobustnessCertificate[])
        [
            Failing(first: 300, count: 40),
            digits.Walk(2, sample => sample is >= 20 and < 28), // the look at 200 is lost by them
            digits.Walk(3, sample => sample % 97 == 5, deadline: 700),
            digits.Walk(4, sample => sample is >= 300 and < 340),
            digits.Walk(5, sample => sample < 60),
            digits.Walk(2, sample => sample < 600), // no look before has anything
        ])
        {
            Assert.IsGreaterThan(0, c.Certification.Failed);
            Replay(c);
        }
    }

    /// <summary>
    /// Samples that had failed are not known one by one: a forger restates some as failed and changes what was decided. Every one of these says of its counts what no order of failures can have led to; and every
    /// one reads well, for the certificate alone does not show it.
    /// </summary>
    [TestMethod]
    public void What_no_order_of_failures_can_have_come_to_is_found()
    {
        RobustnessCertificate c = Failing(first: 300, count: 40);
        CertificateResult r = c.Result;
        Assert.AreEqual((0.25, 200, 400, 40, StoppedBy.Certified), (r.Radius, r.Samples, c.Certification.Samples, c.Certification.Failed, r.Stopped), "four looks; the larger radius is given up at the last");

        // A larger radius, by more agreements at a look than come out.
        Found("of the first 200 certification samples 194 are for class 9", c with { Result = r with { Radius = 0.375, InputRadius = 95.625, Agreements = 200 } });
        Found("of the first 100 certification samples", c with { Result = r with { Samples = 100, Agreements = 97 } });

        // A radius at a look that does not carry it, or that another look carried before.
        Found("is not what 186 agreements after 200 samples reach", c with { Result = r with { Agreements = 186 } });
        Found("was reached or passed after 100 samples", c with { Result = r with { Radius = 0.125, InputRadius = 31.875 } });
        Found("result.agreements is 153", c with { Result = r with { Agreements = 153 } });

        // An abstention where whatever failed left a radius.
        Found("was reached or passed after 300 samples", c with { Result = new CertificateResult(r.Class, true, 0, 0, 0, 0, StoppedBy.Deadline) });

        // Walked on behind its end.
        Found("all was decided after 300 certification samples", DigitsCertificate.Instance.Walk(3, sample => sample is >= 210 and < 300, beyond: 20));

        // Another word for the end.
        Found("result.stopped is \"deadline\"", c with { Result = r with { Stopped = StoppedBy.Deadline } });
        RobustnessCertificate open = DigitsCertificate.Instance.Walk(5, sample => sample is >= 200 and < 220, deadline: 400);
        Replay(open);
        Found("result.stopped is \"certified\"", open with { Result = open.Result with { Stopped = StoppedBy.Certified } });
    }

    // What somebody would change to make a certificate say more, or something else, than was found.
    [TestMethod]
    public void Tampered_certificates_are_found_and_what_is_wrong_is_named()
    {
        RobustnessCertificate c = DigitsCertificate.Instance.Sequential(), b = DigitsCertificate.Instance.Bound();
        string zero = new('0', 64);
        Found("the certificate is about another one, 0000", c with { Model = c.Model with { Release = zero } });
        Found("model.name is other in the certificate, and digits in the bundle", c with { Model = c.Model with { Name = "other" } });
        Found("model.version is 9", c with { Model = c.Model with { Version = "9" } });
        Found("model.members[1].sha256 is 0000", c with { Model = c.Model with { Members = c.Model.Members.SetItem(1, new("b", zero)) } });
        Found("model.members[2].name is x", c with { Model = c.Model with { Members = c.Model.Members.SetItem(2, c.Model.Members[2] with { Name = "x" }) } });
        Found("model.rule is majority", c with { Model = c.Model with { Vote = Core.Smoothing.VoteRule.Majority } });
        Found("model.weights is 1, 2, 1", c with { Model = c.Model with { Weights = [1, 2, 1] } });
        Found("model.consensus is 2", c with { Model = c.Model with { Consensus = 2 } });
        Found("model.output is other", c with { Model = c.Model with { Output = "other" } });
        Found("engine.rows is 50", c with { Engine = c.Engine with { Rows = 50 } });
        Found("engine.classes is 11", c with { Engine = c.Engine with { Classes = 11 } });
        Found("input.name is x", c with { Input = c.Input with { Name = "x" } });
        Found("the certificate is about another input, of 0000", c with { Input = c.Input with { Sha256 = zero } });
        Found("input.shape is 1,1,4,16", c with { Input = c.Input with { Shape = [1, 1, 4, 16] } });
        Found("noise.kind is float", c with { Noise = c.Noise with { Kind = CertificateKind.Float } });
        Found("noise.sampler is 'edged-noise-0'", c with { Noise = c.Noise with { Sampler = "edged-noise-0" } });
        Found("noise.sigma is 0.3", c with { Noise = c.Noise with { Sigma = 0.3 } });
        Found("noise.scale is 1", c with { Noise = c.Noise with { Scale = 1 }, Result = c.Result with { InputRadius = c.Result.Radius } });
        Found("the seed does not belong to noise.commitment", c with { Noise = c.Noise with { Commitment = zero } });
        Found("the seed does not belong to noise.commitment", c with { Noise = c.Noise with { Seed = zero } });
        Found("counts are", c with { Noise = c.Noise with { Row = 4 } });
        Found("noise.row is 3 and noise.first 700", c with { Noise = c.Noise with { First = 700 } });
        Found("noise.row is 1024", c with { Noise = c.Noise with { Row = 1024 } });
        Found("rule.alpha is 0.01 in the certificate; the table that it names was made for 0.001", c with { Rule = c.Rule with { Alpha = 0.01 } });
        Found("rule.beta is 0.01", c with { Rule = c.Rule with { Schedule = c.Rule.Schedule! with { Beta = 0.01 } } });
        Found("rule.look is 50", c with { Rule = c.Rule with { Schedule = c.Rule.Schedule! with { Look = 50 } } });
        Found("rule.table_samples is 20000", c with { Rule = c.Rule with { Schedule = c.Rule.Schedule! with { TableSamples = 20_000 } } });
        Found("the ladder's radius 0.3 is none that the bundle offers", c with { Ladder = [c.Ladder[0], c.Ladder[1] with { Radius = 0.3 }], Result = c.Result with { Radius = 0.3, InputRadius = CertificateResult.InUnitsOfInput(0.3, 255) } });
        Found("the certificate names another one, 0000", c with { Ladder = [c.Ladder[0] with { Table = zero }, c.Ladder[1]] });

        // The certified radius' table under a larger radius' name.
        Found("does not certify the radius 0.5", c with { Ladder = [c.Ladder[1] with { Radius = 0.5 }], Result = c.Result with { Radius = 0.5, InputRadius = 127.5 } });
        Found("result.stopped is \"deadline\"", c with { Result = c.Result with { Stopped = StoppedBy.Deadline } });
        Found("result.radius is 0.125", c with { Result = c.Result with { Radius = 0.125, InputRadius = 31.875 } });
        Found("certification.counts are", Counts(b, b.Certification.Counts.MaxBy(count => count.Count).Count - 1, 1) with { Certification = Shift(b.Certification) });
        Found("result.radius is", b with { Rule = b.Rule with { Alpha = 0.01 } });
        double more = Math.BitIncrement(b.Result.Radius);
        Found("result.radius is", b with { Result = b.Result with { Radius = more, InputRadius = CertificateResult.InUnitsOfInput(more, 255) } });
    }

    /// <summary>
    /// Every word of the document, changed in several ways: each is found. The control takes the seal away, by sealing anew with the seed: then what no sample shows is not found, and these are the words that it is for.
    /// </summary>
    [TestMethod]
    public void No_single_word_of_a_certificate_can_be_changed()
    {
        var unseen = new SortedSet<string>(StringComparer.Ordinal);
        int tried = 0;
        foreach (RobustnessCertificate certificate in (RobustnessCertificate[])[DigitsCertificate.Instance.Sequential(), DigitsCertificate.Instance.Bound()])
        {
            string json = System.Text.Encoding.UTF8.GetString(certificate.ToJson());
            foreach (string path in Words(JsonNode.Parse(json)!))
            {
                foreach (JsonNode? other in Others(At(JsonNode.Parse(json)!, path).GetValue<JsonElement>()))
                {
                    JsonNode changed = JsonNode.Parse(json)!;
                    At(changed, path).ReplaceWith(other);
                    tried++;
                    RobustnessCertificate read;
                    try
                    {
                        read = RobustnessCertificate.Parse(System.Text.Encoding.UTF8.GetBytes(changed.ToJsonString()), "c.json");
                    }
                    catch (CertificateException)
                    {
                        continue; // It contradicts itself.
                    }

                    Assert.ThrowsExactly<CtlException>(() => Replay(read), $"{path} = {other?.ToJsonString()}");
                    try
                    {
                        Replay(Sealed(read));
                        unseen.Add(path);
                    }
                    catch (CtlException)
                    {
                        // Found by what the samples, the tables or the bundle say.
                    }
                }
            }
        }

        Assert.IsGreaterThan(150, tried);
        Assert.AreEqual("$.engine.library $.engine.processor $.rule.max_samples $.seal", string.Join(' ', unseen)); // The library is the command's to hold against its own.
    }

    [TestMethod]
    public void A_hidden_seed_must_be_given_and_be_the_right_one()
    {
        RobustnessCertificate c = DigitsCertificate.Instance.Sequential();
        RobustnessCertificate hidden = c with { Noise = c.Noise with { Seed = null } };
        Found("the certificate does not reveal its seed", hidden);
        using NoiseSeed seed = CertificateReplay.Seed(hidden, DigitsCertificate.Instance.SeedHex);
        StringAssert.Contains(Assert.ThrowsExactly<CtlException>(() => CertificateReplay.Seed(hidden, new string('1', 64))).Message, "does not belong to noise.commitment");
    }

    [TestMethod]
    public void The_command_refuses_before_it_loads_anything()
    {
        RobustnessCertificate c = DigitsCertificate.Instance.Sequential();
        string file = Save(c), input = Path.Combine(_folder, "input.bin");
        File.WriteAllBytes(input, new byte[64]);
        ToolRun.Of("certificate", "verify", file, "--bundle", DigitsCertificate.Bundle, "--input", input).Failed(1, "the certificate is about another input");
        ToolRun.Of("certificate", "verify", file, "--bundle", Repository.File("tests/models/digits/digits-s50"), "--input", input).Failed(1, "the certificate is about another one");
        ToolRun.Of("certificate", "verify", file, "--bundle", DigitsCertificate.Bundle, "--input", Repository.File("tests/models/digits/heldout.pgm"), "--index", "11", "--library-sha256", new string('0', 64))
            .Failed(1, "engine.library is");
        ToolRun.Of("certificate", "verify", file, "--bundle", DigitsCertificate.Bundle, "--input", input, "--seed", "00").Failed(2, "--seed must be 64 lower-case hex digits");
        File.WriteAllText(file, "{\n\"format\":7}");
        ToolRun.Of("certificate", "show", file).Failed(1, $"{file}:2:10: 'format' is 7");
    }

    [TestMethod]
    public void Show_says_what_it_says_and_writes_its_canonical_bytes()
    {
        RobustnessCertificate c = DigitsCertificate.Instance.Sequential();
        string shown = ToolRun.Of("certificate", "show", Save(c)).Succeeded().Output;
        StringAssert.Contains(shown, $"digest     {c.Digest()}");
        StringAssert.Contains(shown, $"class {c.Result.Class}, against every change below 0.25 in l2 (63.75 in units of the input)");
        string json = ToolRun.Of("certificate", "show", Save(c), "--json").Succeeded().Output.TrimEnd();
        Assert.AreEqual(c.Digest(), Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(json))));
    }

    /// <summary>The script shares no code with the daemon: it must find the same noise, and refuse what is not so.</summary>
    [TestMethod]
    public void The_independent_script_agrees()
    {
        RobustnessCertificate c = DigitsCertificate.Instance.Sequential(), b = DigitsCertificate.Instance.Bound();
        string input = Path.Combine(_folder, "input.bin"), tables = Path.Combine(_folder, "tables");
        File.WriteAllBytes(input, DigitsCertificate.Instance.Input);
        ToolRun.Of("certificate", "tables", Save(c), "--out", tables).Succeeded();
        JsonElement found = JsonDocument.Parse(Script(0, Save(c), "--input", input, "--tables", tables, "--rows", "3")).RootElement;
        Assert.AreEqual(Rows(3), found.GetProperty("rows_sha256").GetString());
        Assert.AreEqual(2, found.GetProperty("errors").GetArrayLength());
        for (int i = 0; i < 2; i++)
        {
            Assert.AreEqual(DigitsCertificate.Instance.Ladder[i].CertifyError, found.GetProperty("errors")[i].GetDouble(), 1e-9);
        }

        Assert.IsTrue(found.GetProperty("path").GetBoolean() && found.GetProperty("seal").GetBoolean());
        Assert.AreEqual(1, found.GetProperty("not_checked").GetArrayLength(), "the model");
        Assert.IsTrue(JsonDocument.Parse(Script(0, Save(b))).RootElement.GetProperty("bound").GetBoolean());

        // Negative controls.
        StringAssert.Contains(Script(1, Save(c with { Result = c.Result with { Agreements = c.Result.Agreements - 60 } }), "--tables", tables), "do not reach the boundary");
        StringAssert.Contains(Script(1, Save(b with { Result = b.Result with { Radius = b.Result.Radius * 1.0001, InputRadius = 0 } })), "do not show a radius");
        StringAssert.Contains(Script(1, Save(c with { Noise = c.Noise with { Seed = new string('2', 64) } })), "does not belong to the commitment");
        StringAssert.Contains(Script(1, Save(c with { Result = c.Result with { InputRadius = 64 } })), "input_radius is above");
        StringAssert.Contains(Script(1, Save(c with { Engine = c.Engine with { Processor = "none" } })), "the seal is none of these words");
        RobustnessCertificate odd = Sealed(c with { Model = c.Model with { Output = "<a+b>&'\u00e9\U0001f600`" }, Rule = c.Rule with { MaxSamples = 9900, Schedule = c.Rule.Schedule! with { Beta = 1e-5 } } });
        Assert.IsTrue(JsonDocument.Parse(Script(0, Save(odd))).RootElement.GetProperty("seal").GetBoolean(), "what JSON writes in more than one way");
        JsonElement blind = JsonDocument.Parse(Script(0, Save(c with { Noise = c.Noise with { Seed = null } }))).RootElement;
        Assert.IsTrue(!blind.TryGetProperty("seal", out _) && blind.GetProperty("not_checked").EnumerateArray().Any(line => line.GetString()!.StartsWith("that no word was changed", StringComparison.Ordinal)));
    }

    /// <summary>Without the model the script knows of the path the deciding look and the end alone: why it ended must follow from them. What it cannot see it says.</summary>
    [TestMethod]
    public void The_independent_script_holds_the_end_against_the_counts()
    {
        DigitsCertificate digits = DigitsCertificate.Instance;
        RobustnessCertificate c = Failing(first: 300, count: 40), open = digits.Walk(5, sample => sample is >= 200 and < 220, deadline: 400);
        string tables = Path.Combine(_folder, "tables");
        ToolRun.Of("certificate", "tables", Save(open), "--out", tables).Succeeded();
        RobustnessCertificate[] all = [c, open, digits.Walk(3), digits.Walk(5, sample => sample < 60), digits.Walk(2, sample => sample is >= 20 and < 28)];
        string[] lines = Script(0, [.. all.Select(Save), "--tables", tables]).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach ((RobustnessCertificate honest, string line) in all.Zip(lines))
        {
            JsonElement said = JsonDocument.Parse(line).RootElement;
            string[] unseen = [.. said.GetProperty("not_checked").EnumerateArray().Select(line => line.GetString()!)];
            Assert.IsTrue(said.GetProperty("path").GetBoolean() && unseen[0].StartsWith("that the model chooses these classes", StringComparison.Ordinal));
            Assert.AreEqual(honest.Certification.Failed > 0, unseen.Any(line => line.StartsWith($"that the {honest.Certification.Failed} samples that stand as failed had failed", StringComparison.Ordinal)));
        }

        CertificateResult r = c.Result;
        Wrong("on any path with these counts all was decided after 400", c with { Result = r with { Stopped = StoppedBy.Deadline } });
        Wrong("no path with these counts decides all", open with { Result = open.Result with { Stopped = StoppedBy.Certified } });
        Wrong("do not reach the boundary of radius 0.25", c with { Result = r with { Agreements = 186 } });
        Wrong("the counts reach a radius, or a larger one, after 300", c with { Result = new CertificateResult(r.Class, true, 0, 0, 0, 0, StoppedBy.Futile) });
        Wrong("all was decided after 300", digits.Walk(3, sample => sample is >= 210 and < 300, beyond: 20));
        Wrong("it cannot have stopped by samples", c with { Result = r with { Stopped = StoppedBy.Samples } }, read: false);

        void Wrong(string what, RobustnessCertificate certificate, bool read = true)
        {
            StringAssert.Contains(Script(1, Save(certificate), "--tables", tables), what);
            if (read)
            {
                RobustnessCertificate.Parse(certificate.ToJson(), "the certificate alone does not show it");
            }
        }
    }

    private static string Rows(int samples)
    {
        RowNoise noise = RowNoise.ForBytes(new NoiseScale(DigitsCertificate.Sigma, 255));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        float[] row = new float[64];
        for (int sample = 0; sample < samples; sample++)
        {
            noise.TryAdd(DigitsCertificate.Instance.Seed.Key(3), (ulong)sample, 0, DigitsCertificate.Instance.Input, row);
            hash.AppendData(MemoryMarshal.AsBytes<float>(row));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string Script(int expected, params string[] arguments)
    {
        var start = new ProcessStartInfo("python3", ["-X", "utf8", Repository.File("tests/certificates/check_certificate.py"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        Process python;
        try
        {
            python = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Inconclusive("skipped: no python3");
            return "";
        }

        using (python)
        {
            Task<string> errors = python.StandardError.ReadToEndAsync();
            string output = python.StandardOutput.ReadToEnd();
            Assert.IsTrue(python.WaitForExit(120_000), "python3 takes too long");
            Assert.AreEqual(expected, python.ExitCode, errors.Result);
            return expected == 0 ? output : errors.Result;
        }
    }

    private string Save(RobustnessCertificate certificate)
    {
        string file = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{Guid.NewGuid():N}.json"));
        File.WriteAllBytes(file, certificate.ToJson());
        return file;
    }

    // As the command does, with the library that the tests share.
    private void Replay(RobustnessCertificate certificate)
    {
        RobustnessCertificate read = RobustnessCertificate.Parse(certificate.ToJson(), "c.json");
        string input = Path.Combine(_folder, "input.bin"), tables = Path.Combine(_folder, "tables");
        File.WriteAllBytes(input, DigitsCertificate.Instance.Input);
        Directory.CreateDirectory(tables);
        for (int i = 0; i < DigitsCertificate.Instance.Ladder.Count; i++)
        {
            BoundaryTable table = DigitsCertificate.Instance.Ladder[i];
            File.WriteAllBytes(Path.Combine(tables, $"{DigitsCertificate.Hex(table)}.bnd"), table.ToFile());
        }

        using NoiseSeed seed = CertificateReplay.Seed(read, null);
        using ReplayBundle bundle = ReplayBundle.Open(DigitsCertificate.Bundle, read);
        byte[] elements = ReplayInput.Read(input, 0, bundle.Manifest, read.Input);
        RadiusLadder? ladder = read.Rule.Schedule is null ? null : ReplayTables.Of(read, bundle.Rules, tables, default);
        using var model = new ReplayModel(TestRuntime.Get(), bundle, read);
        new CertificateReplay(read, ladder, null).Run(model, seed, elements, default);
    }

    private void Found(string what, RobustnessCertificate certificate)
    {
        string message = Assert.ThrowsExactly<CtlException>(() => Replay(certificate), what).Message;
        StringAssert.Contains(message, what);
    }

    private static RobustnessCertificate Sealed(RobustnessCertificate certificate) => certificate.SealedBy(DigitsCertificate.Instance.Seed);

    private static IEnumerable<string> Words(JsonNode node) => node switch
    {
        JsonObject parts => parts.SelectMany(part => Words(part.Value!)),
        JsonArray items => items.SelectMany(item => Words(item!)),
        _ => [node.GetPath()],
    };

    private static JsonNode At(JsonNode root, string path) => path[1..].Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('.', StringSplitOptions.RemoveEmptyEntries)
        .Aggregate(root, (node, step) => node is JsonArray array ? array[int.Parse(step, CultureInfo.InvariantCulture)]! : node[step]!);

    // What may stand in the place of a word, and is of its kind.
    private static IEnumerable<JsonNode?> Others(JsonElement word) => word.ValueKind switch
    {
        JsonValueKind.Number => [.. ((double[])[word.GetDouble() + 1, word.GetDouble() - 1, word.GetDouble() / 2, word.GetDouble() + 100]).Where(other => other != word.GetDouble()).Select(other => JsonValue.Create(other))],
        JsonValueKind.String when word.GetString() is { Length: 64 } hex => [JsonValue.Create((hex[0] == '0' ? "1" : "0") + hex[1..]), JsonValue.Create(hex[..63] + (hex[63] == '0' ? "1" : "0"))],
        JsonValueKind.String => [.. ((string[])["x", word.GetString() + "x", "majority", "float", "clopper_pearson", "sequential", "deadline", "failed", "certified", "futile", "completed", "samples", "FP32"])
            .Where(other => other != word.GetString()).Select(other => JsonValue.Create(other))],
        _ => [JsonValue.Create(word.ValueKind != JsonValueKind.True)],
    };

    // Three radii, some of whose samples had failed.
    private static RobustnessCertificate Failing(int first, int count) => DigitsCertificate.Instance.Walk(3, sample => sample >= first && sample < first + count);

    // Another count of the class, so many failed.
    private static RobustnessCertificate Counts(RobustnessCertificate c, int agreements, int failed) => c with
    {
        Certification = new SampleTally(
            c.Certification.Samples, failed, [.. c.Certification.Counts.Select(count => count.Class == c.Result.Class ? count with { Count = agreements } : count)]),
        Result = c.Result with { Agreements = Math.Min(agreements, c.Result.Agreements) },
    };

    // One sample of the class moved to another class.
    private static SampleTally Shift(SampleTally tally)
    {
        int[] counts = new int[10];
        foreach (ClassCount count in tally.Counts)
        {
            counts[count.Class] = count.Count;
        }

        counts[tally.Largest()]--;
        counts[(tally.Largest() + 1) % 10]++;
        return SampleTally.From(tally.Samples, counts);
    }
}
