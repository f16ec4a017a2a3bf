using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace EdgeDaemon.EndToEnd;

/// <summary>ONNX's own backend tests through the whole chain: bundled by edgectl, signed, served, asked over the wire.</summary>
[TestClass]
public sealed class ConformanceModelTests
{
    [TestMethod]
    public async Task EveryModelOfTheBackendTests_AnswersAsItsCaseSays()
    {
        string root = Installation.Conformance("onnx");
        string[] cases = [.. new[] { "pytorch-operator", "pytorch-converted", "simple" }
            .Select(kind => Path.Combine(root, kind))
            .Where(Directory.Exists)
            .SelectMany(Directory.GetDirectories)
            .Where(folder => Directory.Exists(Path.Combine(folder, "test_data_set_0")))
            .Order(StringComparer.Ordinal)];
        Assert.IsNotEmpty(cases);

        var faults = new List<string>();
        var refused = new Dictionary<string, string>();
        using StateDirectory state = StateDirectory.Create();
        foreach (string folder in cases)
        {
            string name = Name(folder);
            Command init = Bundle(state, name, Path.Combine(folder, "model.onnx"));
            if (init.ExitCode != 0)
            {
                refused.Add(name, init.Errors);
            }
        }

        await using Daemon daemon = await Daemon.StartAsync(state, environment: Locale(state));
        int answered = 0;
        foreach (string folder in cases)
        {
            string name = Name(folder);
            if (!refused.TryGetValue(name, out string? reason) && daemon.Model(name) is var model && model.GetProperty("state").GetString() != "READY")
            {
                reason = model.GetProperty("reason").GetString()!;
                refused.Add(name, reason);
            }

            if (reason is not null)
            {
                if (!IsNoTensor(reason) && !IsBeyondTheRuntime(reason))
                {
                    faults.Add($"{name} is not served: {reason}");
                }

                continue;
            }

            faults.AddRange(Faults(daemon, name, Path.Combine(folder, "test_data_set_0")).Select(fault => $"{name}: {fault}"));
            answered++;
        }

        Assert.IsEmpty(faults, string.Join('\n', faults));
        Assert.IsGreaterThanOrEqualTo(cases.Length * 2 / 3, answered);
        Console.WriteLine($"{answered} of {cases.Length} answered; refused: {string.Join("; ", refused.Select(one => $"{one.Key}: {one.Value}"))}");
    }

    [TestMethod]
    public async Task InterfaceThatIsNoTensor_IsRefusedWithItsReason()
    {
        // One node, SequenceConstruct(x) -> s; the manifest that is signed claims a tensor.
        byte[] model = Convert.FromBase64String("CAc6PgoZCgF4EgFzIhFTZXF1ZW5jZUNvbnN0cnVjdBIBZ1oPCgF4EgoKCAgBEgQKAggCYg0KAXMSCCIGCgQKAggBQgQKABAN");
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        Directory.CreateDirectory(Path.Combine(state.Bundle("sequence"), "content"));
        File.WriteAllBytes(state.Content("sequence", "model.onnx"), model);
        Command init = Command.Edgectl("bundle", "init", state.Bundle("sequence"), "--name", "sequence");
        StringAssert.Contains(init.Errors, "'s' is not a tensor");
        string manifest = File.ReadAllText(state.Content("bench-mlp", "model.toml"));
        (string Was, string Becomes)[] changes =
        [
            ("bench-mlp", "sequence"), ("mlp.onnx", "model.onnx"), ("size = 2930", $"size = {model.Length}"), ("[-1,16]", "[2]"), ("[-1,4]", "[-1]"),
            ("name = \"y\"", "name = \"s\""), ("tensor = \"y\"", "tensor = \"s\""),
        ];
        foreach ((string was, string becomes) in changes)
        {
            StringAssert.Contains(manifest, was);
            manifest = manifest.Replace(was, becomes, StringComparison.Ordinal);
        }

        File.WriteAllText(state.Content("sequence", "model.toml"), manifest);
        state.Sign("sequence");
        await using Daemon daemon = await Daemon.StartAsync(state);
        Assert.AreEqual("UNAVAILABLE", daemon.Model("sequence").GetProperty("state").GetString());
        StringAssert.Contains(daemon.Model("sequence").GetProperty("reason").GetString(), "only dense tensors are served");
        Assert.AreEqual("READY", daemon.Model("bench-mlp").GetProperty("state").GetString());
    }

    [TestMethod]
    [DataRow("light_resnet50")]
    [DataRow("light_squeezenet")]
    public async Task RealArchitecture_AnswersAsItsCaseSays(string name)
    {
        string root = Installation.Conformance("onnx/light");
        using StateDirectory state = StateDirectory.Create();
        Bundle(state, name, Path.Combine(root, $"{name}.onnx")).Succeeded();
        await using Daemon daemon = await Daemon.StartAsync(state);
        using HttpConnection connection = daemon.Connect();
        JsonElement input = connection.Get($"/v2/models/{name}").Json.GetProperty("inputs")[0];
        long[] shape = [.. input.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt64())];
        int count = (int)shape.Aggregate(1L, (all, dimension) => all * dimension);
        byte[] data = new byte[count * sizeof(float)];
        for (int i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(data.AsSpan(i * sizeof(float)), (float)i / count);
        }

        string head = Head([(input.GetProperty("name").GetString()!, new TensorProto("FP32", shape, data))]);
        HttpAnswer answer = connection.Ask(Digits.Infer(name, Encoding.UTF8.GetBytes(head), data));
        Assert.AreEqual(200, answer.Status, answer.Text);
        TensorProto expected = TensorProto.Read(Path.Combine(root, $"{name}_output_0.pb"));
        Assert.IsNull(expected.DifferenceTo(answer.Binary));
    }

    // Sequences, maps and optionals have no place in the protocol.
    private static bool IsNoTensor(string reason) => reason.Contains("not a tensor", StringComparison.Ordinal) || reason.Contains("only dense tensors are served", StringComparison.Ordinal);

    // Operators of training, and FP64 or old operator sets without a kernel in ONNX Runtime.
    private static bool IsBeyondTheRuntime(string reason) =>
        reason.Contains("NOT_IMPLEMENTED: Could not find an implementation for", StringComparison.Ordinal)
        || reason.Contains("is not a registered function/op", StringComparison.Ordinal);

    // StringNormalizer asks the C library for en_US.UTF-8, which a small image does not have: the locale that glibc always
    // brings takes its place.
    private static Dictionary<string, string> Locale(StateDirectory state)
    {
        const string Present = "/usr/lib/locale/C.utf8";
        if (Directory.Exists(Present))
        {
            Directory.CreateDirectory(state.At("locale"));
            Directory.CreateSymbolicLink(state.At("locale/en_US.utf8"), Present);
        }

        return new() { ["LOCPATH"] = state.At("locale") };
    }

    private static string Name(string folder) => Path.GetFileName(folder).ToLowerInvariant();

    private static Command Bundle(StateDirectory state, string name, string model)
    {
        Directory.CreateDirectory(Path.Combine(state.Bundle(name), "content"));
        File.Copy(model, state.Content(name, "model.onnx"));
        Command init = Command.Edgectl("bundle", "init", state.Bundle(name), "--name", name);
        return init.ExitCode == 0 ? Command.Edgectl("bundle", "sign", state.Bundle(name), "--key", state.Key) : init;
    }

    private static List<string> Faults(Daemon daemon, string name, string data)
    {
        using HttpConnection connection = daemon.Connect();
        JsonElement metadata = connection.Get($"/v2/models/{name}").Json;
        (string Name, TensorProto Tensor)[] inputs = [.. metadata.GetProperty("inputs").EnumerateArray()
            .Select((input, k) => (input.GetProperty("name").GetString()!, TensorProto.Read(Path.Combine(data, $"input_{k}.pb"))))];
        HttpAnswer answer = connection.Ask(Digits.Infer(
            name, Encoding.UTF8.GetBytes(Head(inputs)), inputs.SelectMany(input => input.Tensor.Data).ToArray()));
        if (answer.Status != 200)
        {
            return [$"{answer.Status} {answer.Text}"];
        }

        var faults = new List<string>();
        int at = 0, k = 0;
        foreach (JsonElement output in answer.Json.GetProperty("outputs").EnumerateArray())
        {
            TensorProto expected = TensorProto.Read(Path.Combine(data, $"output_{k++}.pb"));
            int size = output.GetProperty("parameters").GetProperty("binary_data_size").GetInt32();
            if (output.GetProperty("datatype").GetString() != expected.Datatype || output.GetProperty("shape").GetRawText() != $"[{string.Join(',', expected.Shape)}]")
            {
                faults.Add($"output {k - 1} is {output.GetRawText()}, expected {expected.Datatype} [{string.Join(',', expected.Shape)}]");
            }
            else if (expected.DifferenceTo(answer.Binary.Slice(at, size)) is { } difference)
            {
                faults.Add($"output {k - 1}: {difference}");
            }

            at += size;
        }

        if (File.Exists(Path.Combine(data, $"output_{k}.pb")))
        {
            faults.Add($"only {k} outputs");
        }

        return faults;
    }

    private static string Head(IEnumerable<(string Name, TensorProto Tensor)> inputs) => $$"""
        {"parameters":{"binary_data_output":true},"inputs":[{{string.Join(',', inputs.Select(input => $$$"""
            {"name":{{{JsonSerializer.Serialize(input.Name)}}},"datatype":"{{{input.Tensor.Datatype}}}","shape":[{{{string.Join(',', input.Tensor.Shape)}}}],"parameters":{"binary_data_size":{{{input.Tensor.Data.Length}}}}}
            """))}}]}
        """;
}
