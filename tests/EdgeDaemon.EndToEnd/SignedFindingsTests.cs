using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using static EdgeDaemon.Tests.Bundles.Onnx.OnnxBytes;

namespace EdgeDaemon.EndToEnd;

/// <summary>Every row of the walk's table (Core/Bundles/Onnx/README.md) once, in a bundle that is signed as it should be: one daemon refuses them all, each for its row.</summary>
[TestClass]
public sealed class SignedFindingsTests
{
    private const int Graph = 5; // AttributeProto.AttributeType
    private const int Integers = 7;

    private static readonly (string Code, byte[] Model)[] Dangers =
    [
        ("malformed", [.. Good(), 0]),
        ("not_canonical", [.. Good(), 0x28, 0x81, 0x00]),
        ("unknown_field", [.. Good(), .. Text(99, "more")]),
        ("field_twice", [.. Good(), .. Text(2, "again")]),
        ("too_deep", Good(Nested(40))),
        ("too_many", Good(Node("Sum", [.. Enumerable.Repeat("x", 5000)], "z"))),
        ("text", Good(Node("Relu", ["x"], "z\u001b[2J"))),
        ("external_data", Good(Weight("w", 1, [3], Bytes(13, Text(1, "location"), Text(2, "/etc/passwd")), Number(14, 1)))),
        ("external_data", Good(Weight("w", 1, [3], Bytes(13, Text(1, "location"), Text(2, "*/_ORT_MEM_ADDR_/*")), Number(14, 1)))),
        ("tensor_data", Good(Weight("w", 1, [3], Bytes(9, new byte[12]), Bytes(4, new byte[12])))),
        ("tensor_type", Good(Weight("w", 99, [3], Bytes(9, new byte[3])))),
        ("attribute", Good(Node("Relu", ["x"], "z", Attribute("a", Number(3, 1), Number(20, 77))))),
        ("domain", Good(Node("PyOp", ["x"], "z", Text(7, "ai.onnx.contrib")))),
        ("operator", [.. Good(Node("EPContext", ["x"], "z", Text(7, "com.microsoft"))), .. Bytes(8, Text(1, "com.microsoft"), Number(2, 1))]),
        ("functions", [.. Good(), .. Bytes(25, Text(1, "f"))]),
        ("training", [.. Good(), .. Bytes(20, Text(1, "t"))]),
        ("opset", [.. Good(), .. Bytes(8, Text(1, "ai.onnx.ml"), Number(2, 99))]),
        ("names", Good(Node("Relu", ["nowhere"], "z"))),
        ("folding", Good(Node("RandomNormal", [], "z", Attribute("shape", Number(8, 1 << 20), Number(8, 1 << 20), Number(20, Integers))))),
        ("metadata", [.. Good(), .. Bytes(14, Text(1, "ort_config"), Text(2, "{}"))]),
        ("interface", Good(Port(11, "second", 1, 1))),
        ("control_flow", Good(Nested(1))),
    ];

    private static readonly (string Code, byte[] Model)[] Lesser =
    [
        ("opset_unused", [.. Good(), .. Bytes(8, Text(1, "my.own"), Number(2, 1))]),
        ("size_from_data", Good([.. Node("Cast", ["x"], "n", Attribute("to", Number(3, 7), Number(20, 2))), .. Node("ConstantOfShape", ["n"], "z")])),
        ("overridable", Good([.. Weight("w", 1, [1], Bytes(9, new byte[4])), .. Port(11, "w", 1, 1)])),
    ];

    [TestMethod]
    public void NoRowOfTheTable_IsForgotten()
    {
        string law = File.ReadAllText(Path.Combine(Installation.Root, "src", "EdgeDaemon.Core", "Bundles", "Onnx", "README.md"));
        string[] rows = [.. Regex.Matches(law, @"^\| `([a-z_]+)` \| (danger|warning|info)", RegexOptions.Multiline).Select(row => row.Groups[1].Value).Distinct()];
        Assert.IsGreaterThan(20, rows.Length);
        CollectionAssert.AreEquivalent(rows, Dangers.Concat(Lesser).Select(row => row.Code).Append("native_code").Append("private_key").Distinct().ToArray());
    }

    [TestMethod]
    public async Task EveryRowOfTheTable_IsRefused_ThoughCorrectlySigned()
    {
        using StateDirectory state = StateDirectory.Create();
        CraftedModels.Bundle(state, "good", Good(), 1);
        (string Folder, string Code)[] bundles = [.. Dangers.Select((row, i) => ($"d{i}", row.Code))];
        for (int i = 0; i < Dangers.Length; i++)
        {
            // Only the row on control flow is without the manifest's word for it.
            CraftedModels.Bundle(state, bundles[i].Folder, Dangers[i].Model, 1, controlFlow: bundles[i].Code != "control_flow");
        }

        CraftedModels.Bundle(state, "native", Good(), 1, files: [("helper.so", [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0])]);

        // 'bundle sign' would not sign it; another tool, or a careless one, does.
        byte[] key = Encoding.ASCII.GetBytes("signed with\n-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n");
        CraftedModels.Bundle(state, "key", Good(), 1, files: [("notes.txt", new byte[key.Length])]);
        File.WriteAllBytes(state.Content("key", "notes.txt"), key);
        string signature = Directory.GetFiles(Path.Combine(state.Bundle("key"), "signatures")).Single();
        File.Delete(signature);
        Command.Edgectl("oms", "sign", "--method", "key", "--model-path", Path.Combine(state.Bundle("key"), "content"), "--bundle", signature, "--private-key", state.Key).Succeeded();
        await AssertAsync(state, [.. bundles, ("native", "native_code"), ("key", "private_key")]);
    }

    [TestMethod]
    public async Task WhatIsWorthALook_IsRefused_WhereTheDeviceSaysSo()
    {
        using StateDirectory state = StateDirectory.Create();
        CraftedModels.Bundle(state, "good", Good(), 1);
        for (int i = 0; i < Lesser.Length; i++)
        {
            CraftedModels.Bundle(state, $"l{i}", Lesser[i].Model, 1);
        }

        await using (Daemon lenient = await Daemon.StartAsync(state))
        {
            for (int i = 0; i < Lesser.Length; i++)
            {
                JsonElement model = lenient.Model($"l{i}");
                Assert.AreEqual("READY", model.GetProperty("state").GetString(), $"the control: {Lesser[i].Code}: {model.GetProperty("reason").GetString()}");
            }
        }

        state.Configure("[bundles]\nrefuse_from = \"info\"");
        await AssertAsync(state, [.. Lesser.Select((row, i) => ($"l{i}", row.Code))]);
    }

    private static async Task AssertAsync(StateDirectory state, (string Folder, string Code)[] bundles)
    {
        await using Daemon daemon = await Daemon.StartAsync(state);
        Assert.AreEqual("READY", daemon.Model("good").GetProperty("state").GetString(), "the control");
        foreach ((string folder, string code) in bundles)
        {
            JsonElement model = daemon.Model(folder);
            Assert.AreEqual("UNAVAILABLE", model.GetProperty("state").GetString(), code);
            StringAssert.Contains(model.GetProperty("reason").GetString(), "inspection: ", StringComparison.Ordinal);
            StringAssert.Contains(model.GetProperty("reason").GetString(), $": {code} at ", StringComparison.Ordinal);
        }
    }

    // y = x, and whatever else stands in the graph.
    private static byte[] Good(byte[]? more = null) =>
        Model(Node("Identity", ["x"], "y"), Text(2, "g"), Port(11, "x", 1, 1), Port(12, "y", 1, 1), more ?? []);

    private static byte[] Nested(int depth)
    {
        byte[] nested = [];
        for (int level = 0; level < depth; level++)
        {
            nested = Node("If", ["x"], $"n{level}", Attribute("then_branch", Bytes(6, nested), Number(20, Graph)));
        }

        return nested;
    }

    private static byte[] Node(string kind, string[] inputs, string output, params byte[][] more) =>
        Bytes(1, [.. inputs.Select(input => Text(1, input)), Text(2, output), Text(4, kind), .. more]);

    private static byte[] Attribute(string name, params byte[][] value) => Bytes(5, [Text(1, name), .. value]);

    private static byte[] Weight(string name, int type, long[] shape, params byte[][] data) =>
        Bytes(5, [.. shape.Select(dimension => Number(1, dimension)), Number(2, type), Text(8, name), .. data]);
}
