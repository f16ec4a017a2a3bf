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

    /// <summary>Gives texts back as they came.</summary>
    public const string Words = "words";

    /// <summary>Gives texts in capitals back as they came, by way of small letters: what an operator of the library makes and frees.</summary>
    public const string Letters = "letters";

    private const int Int32 = 6;
    private const int String = 8;

    public static void Bundle(StateDirectory state)
    {
        int[] one = [.. Enumerable.Range(0, Columns)];
        Bundle(state, Name, "INT32", $"-1, {Columns}", $"1, {Columns}", Bytes(one), Bytes([.. one.Select(number => number + Both)]), OnnxBytes.Model(
            [Add("x", "a", "t"), Add("t", "b", "y"), OnnxBytes.Text(2, Name), Number("a", First), Number("b", Both - First),
                OnnxBytes.Port(11, "x", Int32, null, Columns), OnnxBytes.Port(12, "y", Int32, null, Columns)]));
        byte[] word = [1, 0, 0, 0, (byte)'a'];
        byte[] identity = OnnxBytes.Bytes(1, OnnxBytes.Text(1, "x"), OnnxBytes.Text(2, "y"), OnnxBytes.Text(4, "Identity"));
        Bundle(state, Words, "BYTES", "-1", "1", word, word, OnnxBytes.Model(
            [identity, OnnxBytes.Text(2, Words), OnnxBytes.Port(11, "x", String, [null]), OnnxBytes.Port(12, "y", String, [null])]));
        byte[] capital = [1, 0, 0, 0, (byte)'A'];
        Bundle(state, Letters, "BYTES", "-1", "1", capital, capital, OnnxBytes.Model(
            [Change("x", "LOWER", "t"), Change("t", "UPPER", "y"), OnnxBytes.Text(2, Letters), OnnxBytes.Port(11, "x", String, [null]), OnnxBytes.Port(12, "y", String, [null])]));
    }

    private static void Bundle(StateDirectory state, string name, string type, string shape, string oneShape, byte[] one, byte[] answer, byte[] graph)
    {
        Directory.CreateDirectory(Path.Combine(state.Bundle(name), "content"));
        (string Name, byte[] Bytes)[] files = [("model.onnx", graph), ("one.bin", one), ("answer.bin", answer)];
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $$"""
            format = 1
            name = "{{name}}"
            version = "1"
            sequence = 1
            security_floor = 0
            created = 2026-11-21T00:00:00Z
            member = [{ name = "m", file = "model.onnx" }]
            input = [{ name = "x", datatype = "{{type}}", shape = [{{shape}}] }]
            output = [{ name = "y", datatype = "{{type}}", shape = [{{shape}}] }]

            """));
        foreach ((string file, byte[] bytes) in files)
        {
            File.WriteAllBytes(state.Content(name, file), bytes);
            text.Append(CultureInfo.InvariantCulture, $"[[file]]\npath = \"{file}\"\nsize = {bytes.Length}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $$"""
            [[self_test]]
            name = "one"
            inputs = [{ name = "x", file = "one.bin", shape = [{{oneShape}}] }]
            outputs = [{ name = "y", file = "answer.bin", shape = [{{oneShape}}] }]

            """);
        File.WriteAllText(state.Content(name, "model.toml"), text.ToString());
        state.Sign(name);
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

    private static byte[] Change(string from, string how, string to) => OnnxBytes.Bytes(
        1, OnnxBytes.Text(1, from), OnnxBytes.Text(2, to), OnnxBytes.Text(4, "StringNormalizer"),
        OnnxBytes.Bytes(5, OnnxBytes.Text(1, "case_change_action"), OnnxBytes.Text(4, how), OnnxBytes.Number(20, 3)));

    private static byte[] Number(string name, int value) => OnnxBytes.Bytes(
        5, OnnxBytes.Number(1, 1), OnnxBytes.Number(2, Int32), OnnxBytes.Text(8, name), OnnxBytes.Bytes(9, BitConverter.GetBytes(value)));
}
