using System.Globalization;
using System.Text;
using EdgeDaemon.Tests.Bundles.Onnx;

namespace EdgeDaemon.EndToEnd;

/// <summary>Small graphs that do one hostile thing each, bundled and signed: what the test is about lies behind the signature.</summary>
internal static class CraftedModels
{
    private const int Float = 1;
    private const int Int32 = 6;
    private const int Int64 = 7;
    private const int Bool = 9;

    /// <summary>y = x + 1, so many times: 2^40 do not end in anybody's lifetime.</summary>
    /// <param name="times">How often.</param>
    /// <param name="rows">How many x has; null: any number, and all of them take hardly longer than one.</param>
    public static byte[] Loop(long times, long? rows = 1)
    {
        byte[] body = OnnxBytes.Bytes(6, // AttributeProto.g
            Node("Identity", ["go"], ["on"]), Node("Add", ["before", "one"], ["after"]), OnnxBytes.Text(2, "body"),
            OnnxBytes.Port(11, "turn", Int64), OnnxBytes.Port(11, "go", Bool), OnnxBytes.Port(11, "before", Float, rows),
            OnnxBytes.Port(12, "on", Bool), OnnxBytes.Port(12, "after", Float, rows));
        return OnnxBytes.Model(
            Node("Loop", ["times", "", "x"], ["y"], OnnxBytes.Bytes(5, OnnxBytes.Text(1, "body"), body, OnnxBytes.Number(20, 5))),
            OnnxBytes.Text(2, "loop"),
            Weight("times", Int64, [], BitConverter.GetBytes(times)),
            Weight("one", Float, [1], BitConverter.GetBytes(1f)),
            OnnxBytes.Port(11, "x", Float, rows),
            OnnxBytes.Port(12, "y", Float, rows));
    }

    /// <summary>y = x - the mean of all rows: what one row is answered depends on who else is in the run.</summary>
    public static byte[] Mixing() => OnnxBytes.Model(
        Node("ReduceMean", ["x"], ["mean"], OnnxBytes.Bytes(5, OnnxBytes.Text(1, "axes"), OnnxBytes.Number(8, 0), OnnxBytes.Number(20, 7))),
        Node("Sub", ["x", "mean"], ["y"]),
        OnnxBytes.Text(2, "mixing"),
        OnnxBytes.Port(11, "x", Float, [null]),
        OnnxBytes.Port(12, "y", Float, [null]));

    /// <summary>y = x + 1, x times: how long it takes is the caller's choice.</summary>
    public static byte[] LoopByInput()
    {
        byte[] body = OnnxBytes.Bytes(6, // AttributeProto.g
            Node("Identity", ["go"], ["on"]), Node("Add", ["before", "one"], ["after"]), OnnxBytes.Text(2, "body"),
            OnnxBytes.Port(11, "turn", Int64), OnnxBytes.Port(11, "go", Bool), OnnxBytes.Port(11, "before", Float, 1),
            OnnxBytes.Port(12, "on", Bool), OnnxBytes.Port(12, "after", Float, 1));
        return OnnxBytes.Model(
            Node("Cast", ["x"], ["times"], OnnxBytes.Bytes(5, OnnxBytes.Text(1, "to"), OnnxBytes.Number(3, Int64), OnnxBytes.Number(20, 2))),
            Node("Loop", ["times", "", "x"], ["y"], OnnxBytes.Bytes(5, OnnxBytes.Text(1, "body"), body, OnnxBytes.Number(20, 5))),
            OnnxBytes.Text(2, "loop"),
            Weight("one", Float, [1], BitConverter.GetBytes(1f)),
            OnnxBytes.Port(11, "x", Float, 1),
            OnnxBytes.Port(12, "y", Float, 1));
    }

    /// <summary>y is the greatest of so many neighbours of each element of a row: one kernel, whose time grows with the square of the row.</summary>
    public static byte[] Pooling(int window) => OnnxBytes.Model(
        Node("MaxPool", ["x"], ["y"], Integers("kernel_shape", window), Integers("pads", window / 2, window / 2), Integers("strides", 1)),
        OnnxBytes.Text(2, "pooling"),
        OnnxBytes.Port(11, "x", Float, 1, 1, null),
        OnnxBytes.Port(12, "y", Float, 1, 1, null));

    /// <summary>y = x for rows of two numbers, after one kernel whose time grows with the square of how many rows there are, and which certifies with runs of so many.</summary>
    public static void Certifying(StateDirectory state, string name, int window, int batch)
    {
        const int Copies = 300;
        byte[] graph = OnnxBytes.Model(
            Node("Reshape", ["x", "apart"], ["each"]), Node("Mul", ["each", "copies"], ["many"]), Node("Reshape", ["many", "flat"], ["row"]),
            Node("MaxPool", ["row"], ["pooled"], Integers("kernel_shape", window), Integers("pads", window / 2, window / 2), Integers("strides", 1)),
            Node("ReduceMax", ["pooled"], ["most"], OnnxBytes.Bytes(5, OnnxBytes.Text(1, "keepdims"), OnnxBytes.Number(3, 0), OnnxBytes.Number(20, 2))),
            Node("Mul", ["most", "zero"], ["nothing"]), Node("Add", ["x", "nothing"], ["y"]),
            OnnxBytes.Text(2, "certifying"),
            Weight("apart", Int64, [3], [.. ((long[])[-1, 2, 1]).SelectMany(BitConverter.GetBytes)]), Weight("flat", Int64, [3], [.. ((long[])[1, 1, -1]).SelectMany(BitConverter.GetBytes)]),
            Weight("copies", Float, [Copies], [.. Enumerable.Repeat(BitConverter.GetBytes(1f), Copies).SelectMany(bytes => bytes)]), Weight("zero", Float, [1], new byte[4]),
            OnnxBytes.Port(11, "x", Float, null, 2), OnnxBytes.Port(12, "y", Float, null, 2));
        Directory.CreateDirectory(Path.Combine(state.Bundle(name), "content"));
        File.WriteAllBytes(state.Content(name, "model.onnx"), graph);
        File.WriteAllText(state.Content(name, "model.toml"), string.Create(CultureInfo.InvariantCulture, $$"""
            format = 1
            name = "{{name}}"
            version = "1"
            sequence = 1
            security_floor = 0
            created = 2026-11-21T00:00:00Z
            file = [{ path = "model.onnx", size = {{graph.Length}} }]
            member = [{ name = "m", file = "model.onnx" }]
            input = [{ name = "x", datatype = "FP32", shape = [-1, 2] }]
            output = [{ name = "y", datatype = "FP32", shape = [-1, 2] }]
            smoothing = { noise = "float", sigmas = [0.25], batch = {{batch}} }

            """));
        state.Sign(name);
    }

    /// <summary>y = x + the sum of so many zeros, which the runtime makes from a constant.</summary>
    public static byte[] Swelling(long elements) => OnnxBytes.Model(
        Node("Expand", ["zero", "size"], ["many"]),
        Node("ReduceSum", ["many"], ["sum"], OnnxBytes.Bytes(5, OnnxBytes.Text(1, "keepdims"), OnnxBytes.Number(3, 0), OnnxBytes.Number(20, 2))),
        Node("Add", ["x", "sum"], ["y"]),
        OnnxBytes.Text(2, "swelling"),
        Weight("zero", Float, [1], BitConverter.GetBytes(0f)),
        Weight("size", Int64, [1], BitConverter.GetBytes(elements)),
        OnnxBytes.Port(11, "x", Float, 1),
        OnnxBytes.Port(12, "y", Float, 1));

    /// <summary>y = x + the sum of x zeros, which are made on the way: how much memory it wants is the caller's choice.</summary>
    public static byte[] SwellingByInput() => OnnxBytes.Model(
        Node("Cast", ["x"], ["size"], OnnxBytes.Bytes(5, OnnxBytes.Text(1, "to"), OnnxBytes.Number(3, Int64), OnnxBytes.Number(20, 2))),
        Node("Expand", ["zero", "size"], ["many"]),
        Node("ReduceSum", ["many"], ["sum"], OnnxBytes.Bytes(5, OnnxBytes.Text(1, "keepdims"), OnnxBytes.Number(3, 0), OnnxBytes.Number(20, 2))),
        Node("Add", ["x", "sum"], ["y"]),
        OnnxBytes.Text(2, "swelling"),
        Weight("zero", Float, [1], BitConverter.GetBytes(0f)),
        OnnxBytes.Port(11, "x", Float, 1),
        OnnxBytes.Port(12, "y", Float, 1));

    /// <summary>A model of one FP32 input x and output y of one element each, or of a row each where there is a [batching] table, with a self-test: what it answers to 1.</summary>
    public static void Bundle(
        StateDirectory state, string name, byte[] graph, float answerToOne, string more = "", bool controlFlow = true, string? batching = null, params (string Name, byte[] Bytes)[] files)
    {
        Directory.CreateDirectory(Path.Combine(state.Bundle(name), "content"));
        (string declared, string tested) = graph.AsSpan().IndexOf("pooling"u8) < 0 ? ("[1]", "[1]") : ("[1, 1, -1]", "[1, 1, 1]");
        (string Name, byte[] Bytes)[] all = [("model.onnx", graph), ("one.bin", BitConverter.GetBytes(1f)), ("answer.bin", BitConverter.GetBytes(answerToOne)), .. files];
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"""
            format = 1
            name = "{name}"
            version = "1"
            sequence = 1
            security_floor = 0
            created = 2026-11-21T00:00:00Z
            inspection.control_flow = {(controlFlow ? "true" : "false")}
            {(batching is null ? "" : $"batching = {{ {batching} }}")}
            member = [{"{ name = \"m\", file = \"model.onnx\" }"}]
            input = [{$"{{ name = \"x\", datatype = \"FP32\", shape = {(batching is null ? declared : "[-1]")} }}"}]
            output = [{$"{{ name = \"y\", datatype = \"FP32\", shape = {(batching is null ? declared : "[-1]")} }}"}]

            """));
        foreach ((string file, byte[] bytes) in all)
        {
            File.WriteAllBytes(state.Content(name, file), bytes);
            text.Append(CultureInfo.InvariantCulture, $"[[file]]\npath = \"{file}\"\nsize = {bytes.Length}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $$"""
            [[self_test]]
            name = "one"
            {{more}}
            inputs = [{ name = "x", file = "one.bin", shape = {{tested}} }]
            outputs = [{ name = "y", file = "answer.bin", shape = {{tested}} }]

            """);
        File.WriteAllText(state.Content(name, "model.toml"), text.ToString());
        state.Sign(name);
    }

    /// <summary>y = x * factors (three of each), and an error when an element of x is 4 or more.</summary>
    public static byte[] Picky(params float[] factors) => OnnxBytes.Model(
        Node("ReduceMax", ["x"], ["most"]), Node("Cast", ["most"], ["index"], OnnxBytes.Bytes(5, OnnxBytes.Text(1, "to"), OnnxBytes.Number(3, Int64), OnnxBytes.Number(20, 2))),
        Node("Gather", ["table", "index"], ["found"]), Node("Mul", ["x", "factors"], ["z"]), Node("Add", ["z", "found"], ["y"]),
        OnnxBytes.Text(2, "picky"),
        Weight("table", Float, [4], new byte[16]), Weight("factors", Float, [3], [.. factors.SelectMany(BitConverter.GetBytes)]),
        OnnxBytes.Port(11, "x", Float, 3), OnnxBytes.Port(12, "y", Float, 3));

    /// <summary>y = x * factors (three of each), whatever x is.</summary>
    public static byte[] Patient(params float[] factors) => OnnxBytes.Model(
        Node("Mul", ["x", "factors"], ["y"]), OnnxBytes.Text(2, "patient"), Weight("factors", Float, [3], [.. factors.SelectMany(BitConverter.GetBytes)]),
        OnnxBytes.Port(11, "x", Float, 3), OnnxBytes.Port(12, "y", Float, 3));

    /// <summary>y = x * factors (three of each), after as many turns of a loop as the largest element of x says.</summary>
    public static byte[] Dawdling(params float[] factors)
    {
        byte[] body = OnnxBytes.Bytes(6, // AttributeProto.g
            Node("Identity", ["go"], ["on"]), Node("Mul", ["before", "zero"], ["after"]), OnnxBytes.Text(2, "body"),
            OnnxBytes.Port(11, "turn", Int64), OnnxBytes.Port(11, "go", Bool), OnnxBytes.Port(11, "before", Float, 1),
            OnnxBytes.Port(12, "on", Bool), OnnxBytes.Port(12, "after", Float, 1));
        return OnnxBytes.Model(
            Node("ReduceMax", ["x"], ["most"], OnnxBytes.Bytes(5, OnnxBytes.Text(1, "keepdims"), OnnxBytes.Number(3, 0), OnnxBytes.Number(20, 2))),
            Node("Cast", ["most"], ["times"], OnnxBytes.Bytes(5, OnnxBytes.Text(1, "to"), OnnxBytes.Number(3, Int64), OnnxBytes.Number(20, 2))),
            Node("Loop", ["times", "", "zero"], ["nothing"], OnnxBytes.Bytes(5, OnnxBytes.Text(1, "body"), body, OnnxBytes.Number(20, 5))),
            Node("Mul", ["x", "factors"], ["z"]), Node("Add", ["z", "nothing"], ["y"]),
            OnnxBytes.Text(2, "dawdling"),
            Weight("zero", Float, [1], BitConverter.GetBytes(0f)), Weight("factors", Float, [3], [.. factors.SelectMany(BitConverter.GetBytes)]),
            OnnxBytes.Port(11, "x", Float, 3), OnnxBytes.Port(12, "y", Float, 3));
    }

    /// <summary>Members a, b, c ... of three numbers in and three out.</summary>
    public static void Ensemble(StateDirectory state, string name, string ensemble, params byte[][] members)
    {
        Directory.CreateDirectory(Path.Combine(state.Bundle(name), "content"));
        string[] names = [.. members.Select((_, i) => ((char)('a' + i)).ToString())];
        for (int i = 0; i < members.Length; i++)
        {
            File.WriteAllBytes(state.Content(name, names[i]), members[i]);
        }

        File.WriteAllText(state.Content(name, "model.toml"), string.Create(CultureInfo.InvariantCulture, $"""
            format = 1
            name = "{name}"
            version = "1"
            sequence = 1
            security_floor = 0
            created = 2026-11-21T00:00:00Z
            inspection.control_flow = true
            file = [{string.Join(", ", names.Select((member, i) => $"{{ path = \"{member}\", size = {members[i].Length} }}"))}]
            member = [{string.Join(", ", names.Select(member => $"{{ name = \"{member}\", file = \"{member}\" }}"))}]
            input = [{"{ name = \"x\", datatype = \"FP32\", shape = [3] }"}]
            output = [{"{ name = \"y\", datatype = \"FP32\", shape = [3] }"}]

            [ensemble]
            {ensemble}
            """));
        state.Sign(name);
    }

    /// <summary>Triton's example of that name: OUTPUT0 is the sum and OUTPUT1 the difference of two inputs of [1,16]. The only bundle but those of tests/models with two of each.</summary>
    public static void Simple(StateDirectory state)
    {
        Directory.CreateDirectory(Path.Combine(state.Bundle("simple"), "content"));
        string[] inputs = ["INPUT0", "INPUT1"], outputs = ["OUTPUT0", "OUTPUT1"];
        byte[] graph = OnnxBytes.Model(
            [Node("Add", inputs, ["OUTPUT0"]), Node("Sub", inputs, ["OUTPUT1"]), OnnxBytes.Text(2, "simple"),
                .. inputs.Select(name => OnnxBytes.Port(11, name, Int32, 1, 16)), .. outputs.Select(name => OnnxBytes.Port(12, name, Int32, 1, 16))]);
        (string Name, byte[] Bytes)[] files =
            [("model.onnx", graph), .. inputs.Select((name, i) => (name, Sixteen(2 - i))), ("OUTPUT0", Sixteen(3)), ("OUTPUT1", Sixteen(1))];
        var text = new StringBuilder($"""
            format = 1
            name = "simple"
            version = "1"
            sequence = 1
            security_floor = 0
            created = 2026-11-21T00:00:00Z
            member = [{"{ name = \"m\", file = \"model.onnx\" }"}]
            input = [{string.Join(", ", inputs.Select(Port))}]
            output = [{string.Join(", ", outputs.Select(Port))}]

            """);
        foreach ((string file, byte[] bytes) in files)
        {
            File.WriteAllBytes(state.Content("simple", file), bytes);
            text.Append(CultureInfo.InvariantCulture, $"[[file]]\npath = \"{file}\"\nsize = {bytes.Length}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"""
            [[self_test]]
            name = "one"
            inputs = [{string.Join(", ", inputs.Select(Tensor))}]
            outputs = [{string.Join(", ", outputs.Select(Tensor))}]

            """);
        File.WriteAllText(state.Content("simple", "model.toml"), text.ToString());
        state.Sign("simple");

        static byte[] Sixteen(int value) => [.. Enumerable.Repeat(BitConverter.GetBytes(value), 16).SelectMany(bytes => bytes)];
        static string Port(string name) => $"{{ name = \"{name}\", datatype = \"INT32\", shape = [1, 16] }}";
        static string Tensor(string name) => $"{{ name = \"{name}\", file = \"{name}\", shape = [1, 16] }}";
    }

    private static byte[] Node(string kind, string[] inputs, string[] outputs, params byte[][] attributes) => OnnxBytes.Bytes(
        1, [.. inputs.Select(input => OnnxBytes.Text(1, input)), .. outputs.Select(output => OnnxBytes.Text(2, output)), OnnxBytes.Text(4, kind), .. attributes]);

    private static byte[] Integers(string name, params long[] values) =>
        OnnxBytes.Bytes(5, [OnnxBytes.Text(1, name), .. values.Select(value => OnnxBytes.Number(8, value)), OnnxBytes.Number(20, 7)]);

    private static byte[] Weight(string name, int type, long[] shape, byte[] data) => OnnxBytes.Bytes(
        5, [.. shape.Select(dimension => OnnxBytes.Number(1, dimension)), OnnxBytes.Number(2, type), OnnxBytes.Text(8, name), OnnxBytes.Bytes(9, data)]);
}
