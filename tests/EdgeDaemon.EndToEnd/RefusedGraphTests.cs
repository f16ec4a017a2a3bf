using System.Text.Json;
using System.Text.RegularExpressions;

namespace EdgeDaemon.EndToEnd;

/// <summary>
/// Correctly signed bundles whose graph asks the runtime for what no model needs: the daemon refuses them before the runtime sees them, and loads the same
/// graph where that one thing is otherwise.
/// </summary>
[TestClass]
public sealed class RefusedGraphTests
{
    private const string Victim = "digits-s25";
    private const string Member = "member-b.onnx";

    [TestMethod]
    public Task DataOutsideTheFile_IsRefused() => RefusesAsync(
        @"external_data at graph\.initializer\[\d+\]: [^;]*location = '/etc/passwd'",
        Weight("extra", [3], Bytes(13, Text(1, "location"), Text(2, "/etc/passwd")), Number(14, 1)),
        Weight("extra", [3], Bytes(9, new byte[24])));

    [TestMethod]
    public Task TwoDataFields_AreRefused() => RefusesAsync(
        @"tensor_data at graph\.initializer\[\d+\]: its data stands in several fields",
        Weight("extra", [1], Bytes(9, new byte[8]), Number(7, 0)),
        Weight("extra", [1], Bytes(9, new byte[8])));

    [TestMethod]
    public Task SizeOfAConstant_IsRefused_WhereItIsHuge() => RefusesAsync(
        @"folding at graph\.node\[\d+\]: ConstantOfShape makes more than 134217728 elements",
        [.. Sizes(1 << 20, 1 << 20), .. Node("ConstantOfShape", ["extra"], "bomb")],
        [.. Sizes(2, 3), .. Node("ConstantOfShape", ["extra"], "bomb")]);

    [TestMethod]
    public Task SizeThatGrowsFromNodeToNode_IsRefused_WhereItIsHuge()
    {
        // 2^20 elements in a column; its sum with itself turned round would have 2^40.
        static byte[] Grown(long rows) => [.. Sizes(rows, 1), .. Node("ConstantOfShape", ["extra"], "column"), .. Node("Transpose", ["column"], "row"), .. Node("Add", ["column", "row"], "bomb")];
        return RefusesAsync(@"folding at graph\.node\[\d+\]: Add makes more than 134217728 elements", Grown(1 << 20), Grown(4));
    }

    [TestMethod]
    public async Task ControlFlow_IsRefused_UnlessTheManifestDeclaresIt()
    {
        byte[] Branch(string name, string output) => Bytes(5, Text(1, name), Bytes(6, Node("Identity", ["extra"], output), Text(2, name), Bytes(12, Text(1, output))), Number(20, 5));
        byte[] graph =
        [
            .. Weight("extra", [1], Bytes(9, new byte[8])), .. Bytes(5, Number(2, 9), Text(8, "yes"), Bytes(9, [1])),
            .. Bytes(1, Text(1, "yes"), Text(2, "chosen"), Text(4, "If"), Branch("then_branch", "a"), Branch("else_branch", "b")),
        ];
        using StateDirectory state = StateDirectory.Create("", "digits/" + Victim);
        Graft(state, graph);
        await RefusedAsync(state, @"control_flow at graph\.node\[\d+\]: If");
        string manifest = state.Content(Victim, "model.toml");
        File.AppendAllText(manifest, "\n[inspection]\ncontrol_flow = true\n");
        await ServedAsync(state);
    }

    private static async Task RefusesAsync(string reason, byte[] bad, byte[] good)
    {
        using (StateDirectory state = StateDirectory.Create("", "digits/" + Victim))
        {
            Graft(state, bad);
            await RefusedAsync(state, reason);
        }

        using StateDirectory control = StateDirectory.Create("", "digits/" + Victim);
        Graft(control, good);
        await ServedAsync(control);
    }

    private static async Task RefusedAsync(StateDirectory state, string reason)
    {
        state.Sign(Victim);
        state.Forget();
        await using Daemon daemon = await Daemon.StartAsync(state);
        JsonElement model = daemon.Model(Victim);
        Assert.AreEqual("UNAVAILABLE", model.GetProperty("state").GetString());
        StringAssert.Matches(model.GetProperty("reason").GetString()!, new Regex("inspection: member-b\\.onnx: " + reason));
        Command inspect = Command.Edgectl("bundle", "inspect", state.Bundle(Victim));
        Assert.AreEqual(1, inspect.ExitCode);
        StringAssert.Matches(inspect.Output, new Regex(reason.Split(' ')[0]), "edgectl says the same");
    }

    private static async Task ServedAsync(StateDirectory state)
    {
        state.Sign(Victim);
        state.Forget();
        await using Daemon daemon = await Daemon.StartAsync(state);
        Assert.AreEqual("READY", daemon.Model(Victim).GetProperty("state").GetString(), $"the control: {daemon.Errors}");
        using HttpConnection connection = daemon.Connect();
        Assert.AreEqual(200, connection.Ask(HttpConnection.Request("POST", "/v2/models/digits/infer", new byte[64], "Inference-Header-Content-Length: 0")).Status);
    }

    /// <summary>Puts more fields into a member's graph, and the new size into the manifest.</summary>
    private static void Graft(StateDirectory state, byte[] more)
    {
        string path = state.Content(Victim, Member);
        byte[] model = File.ReadAllBytes(path);
        int at = 0;
        while (true)
        {
            int start = at;
            ulong tag = Varint(model, ref at);
            if ((tag & 7) == 0)
            {
                Varint(model, ref at);
                continue;
            }

            int length = (int)Varint(model, ref at);
            if (tag >> 3 == 7)
            {
                byte[] grown = [.. model[..start], .. Bytes(7, model[at..(at + length)], more), .. model[(at + length)..]];
                File.WriteAllBytes(path, grown);
                string manifest = state.Content(Victim, "model.toml"), text = File.ReadAllText(manifest);
                int size = text.IndexOf($"size = {model.Length}", text.IndexOf(Member, StringComparison.Ordinal), StringComparison.Ordinal);
                File.WriteAllText(manifest, text[..size] + $"size = {grown.Length}" + text[(size + $"size = {model.Length}".Length)..]);
                return;
            }

            at += length;
        }
    }

    private static byte[] Sizes(params long[] sizes) => Weight("extra", [sizes.Length], Bytes(9, [.. sizes.SelectMany(BitConverter.GetBytes)]));

    private static byte[] Weight(string name, long[] shape, params byte[][] data) => Bytes(5, [.. shape.Select(size => Number(1, size)), Number(2, 7), Text(8, name), .. data]);

    private static byte[] Node(string op, string[] inputs, string output) => Bytes(1, [.. inputs.Select(input => Text(1, input)), Text(2, output), Text(4, op)]);

    private static byte[] Number(int field, long value) => [.. Varint((ulong)field << 3), .. Varint((ulong)value)];

    private static byte[] Text(int field, string text) => Bytes(field, System.Text.Encoding.UTF8.GetBytes(text));

    private static byte[] Bytes(int field, params byte[][] parts) =>
        [.. Varint(((ulong)field << 3) | 2), .. Varint((ulong)parts.Sum(part => part.Length)), .. parts.SelectMany(part => part)];

    private static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value > 127; value >>= 7)
        {
            bytes.Add((byte)(value | 128));
        }

        return [.. bytes, (byte)value];
    }

    private static ulong Varint(byte[] data, ref int at)
    {
        ulong value = 0;
        int shift = 0;
        byte part;
        do
        {
            part = data[at++];
            value |= (ulong)(part & 127) << shift;
            shift += 7;
        }
        while (part > 127);
        return value;
    }
}
