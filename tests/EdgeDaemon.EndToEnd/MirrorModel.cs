using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using EdgeDaemon.Tests.Bundles.Onnx;
using EdgeDaemon.Tests.Protocol.Grpc;

namespace EdgeDaemon.EndToEnd;

/// <summary>A model that shows what it was given: y = (x + First) + Second, so that input, activation and output are three patterns that can be told apart in memory.</summary>
internal static class MirrorModel
{
    public const string Name = "mirror";
    public const int Columns = 16;
    public const int First = 111_111_111;
    public const int Both = First + 222_222_223;

    private const int Int32 = 6;

    public static void Bundle(StateDirectory state)
    {
        Directory.CreateDirectory(Path.Combine(state.Bundle(Name), "content"));
        byte[] graph = OnnxBytes.Model(
            [Add("x", "a", "t"), Add("t", "b", "y"), OnnxBytes.Text(2, Name), Number("a", First), Number("b", Both - First),
                OnnxBytes.Port(11, "x", Int32, null, Columns), OnnxBytes.Port(12, "y", Int32, null, Columns)]);
        int[] one = [.. Enumerable.Range(0, Columns)];
        (string Name, byte[] Bytes)[] files =
            [("model.onnx", graph), ("one.bin", Bytes(one)), ("answer.bin", Bytes([.. one.Select(number => number + Both)]))];
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $$"""
            format = 1
            name = "{{Name}}"
            version = "1"
            sequence = 1
            security_floor = 0
            created = 2026-11-21T00:00:00Z
            member = [{ name = "m", file = "model.onnx" }]
            input = [{ name = "x", datatype = "INT32", shape = [-1, {{Columns}}] }]
            output = [{ name = "y", datatype = "INT32", shape = [-1, {{Columns}}] }]

            """));
        foreach ((string file, byte[] bytes) in files)
        {
            File.WriteAllBytes(state.Content(Name, file), bytes);
            text.Append(CultureInfo.InvariantCulture, $"[[file]]\npath = \"{file}\"\nsize = {bytes.Length}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $$"""
            [[self_test]]
            name = "one"
            inputs = [{ name = "x", file = "one.bin", shape = [1, {{Columns}}] }]
            outputs = [{ name = "y", file = "answer.bin", shape = [1, {{Columns}}] }]

            """);
        File.WriteAllText(state.Content(Name, "model.toml"), text.ToString());
        state.Sign(Name);
    }

    /// <summary>REST with everything in JSON.</summary>
    public static byte[] Json(string numbers, int rows) => Encoding.ASCII.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $$"""{"inputs":[{"name":"x","datatype":"INT32","shape":[{{rows}},{{Columns}}],"data":[{{numbers}}]}]}"""));

    /// <summary>The JSON head of REST with tensors behind it, and the answer's likewise.</summary>
    public static byte[] Head(int rows) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $$$"""
        {"parameters":{"binary_data_output":true},"inputs":[{"name":"x","datatype":"INT32","shape":[{{{rows}}},{{{Columns}}}],"parameters":{"binary_data_size":{{{rows * Columns * 4}}}}}]}
        """));

    /// <summary>A ModelInferRequest with its tensor as raw contents.</summary>
    public static byte[] Raw(byte[] tensor, int rows) => Proto.Join([Proto.Text(1, Name), Proto.Input("x", "INT32", [rows, Columns]), Proto.Raw(tensor)]);

    /// <summary>The same with its tensor as int_contents, number by number.</summary>
    public static byte[] Typed(ulong[] numbers, int rows) =>
        Proto.Join([Proto.Text(1, Name), Proto.Input("x", "INT32", [rows, Columns], Proto.Contents(Proto.Packed(2, numbers)))]);

    private static byte[] Bytes(int[] numbers) => MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray();

    private static byte[] Add(string left, string right, string sum) => OnnxBytes.Bytes(
        1, OnnxBytes.Text(1, left), OnnxBytes.Text(1, right), OnnxBytes.Text(2, sum), OnnxBytes.Text(4, "Add"));

    private static byte[] Number(string name, int value) => OnnxBytes.Bytes(
        5, OnnxBytes.Number(1, 1), OnnxBytes.Number(2, Int32), OnnxBytes.Text(8, name), OnnxBytes.Bytes(9, BitConverter.GetBytes(value)));
}
