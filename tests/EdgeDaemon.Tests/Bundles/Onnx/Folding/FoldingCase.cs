using EdgeDaemon.Core.Bundles.Onnx;
using static EdgeDaemon.Tests.Bundles.Onnx.OnnxBytes;

namespace EdgeDaemon.Tests.Bundles.Onnx.Folding;

/// <summary>One node over constants, and models around it: to be run by the runtime, and to be walked.</summary>
/// <param name="Inputs">TensorProto without a name; null for one that is not given.</param>
internal sealed record FoldingCase(string Operator, byte[]?[] Inputs, byte[][] Attributes, string Domain = "", int Opset = 21, int Outputs = 1)
{
    /// <summary>The elements that one node may make.</summary>
    public const long Most = 1L << 27;

    public static byte[] Floats(params long[] shape) => Typed(1, shape, [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).SelectMany(i => BitConverter.GetBytes((float)(i % 5)))]);

    public static byte[] Reals(params float[] values) => Typed(1, [values.Length], [.. values.SelectMany(BitConverter.GetBytes)]);

    public static byte[] Real(float value) => Typed(1, [], BitConverter.GetBytes(value));

    public static byte[] Longs(params long[] values) => Typed(7, [values.Length], [.. values.SelectMany(BitConverter.GetBytes)]);

    public static byte[] Long(long value) => Typed(7, [], BitConverter.GetBytes(value));

    public static byte[] Bytes8(params long[] shape) => Typed(2, shape, new byte[shape.Aggregate(1L, (a, b) => a * b)]);

    public static byte[] Byte() => Typed(2, [], [1]);

    public static byte[] Typed(long type, long[] shape, byte[] raw) => [.. shape.SelectMany(size => Number(1, size)), .. Number(2, type), .. Bytes(9, raw)];

    public static byte[] I(string name, long value) => Bytes(5, Text(1, name), Number(3, value), Number(20, 2));

    public static byte[] Is(string name, params long[] values) => Bytes(5, [Text(1, name), .. values.Select(value => Number(8, value)), Number(20, 7)]);

    public static byte[] Fs(string name, params float[] values) => Bytes(5, Text(1, name), Bytes(7, [.. values.Select(BitConverter.GetBytes)]), Number(20, 6));

    public static byte[] S(string name, string value) => Bytes(5, Text(1, name), Text(4, value), Number(20, 3));

    public static byte[] T(string name, byte[] tensor) => Bytes(5, Text(1, name), Bytes(5, tensor), Number(20, 4));

    public static byte[] Node(string op, string[] inputs, string[] outputs, params byte[][] more) =>
        Bytes(1, [.. inputs.Select(name => Text(1, name)), .. outputs.Select(name => Text(2, name)), Text(4, op), .. more]);

    /// <summary>The shape of what the node makes is what the model answers; its input is there because a model has one.</summary>
    public byte[] Asked() => Model([.. Graph(), .. Node("Shape", ["y"], ["z"]), .. Bytes(12, Text(1, "z"), Bytes(2, Bytes(1, Number(1, 7), Bytes(2, Bytes(1, Text(2, "R"))))))]);

    /// <summary>What the node makes, so many times over.</summary>
    public OnnxReport Repeated(long times) => OnnxWalk.Of(
        Model([.. Graph(), .. Bytes(5, [.. Longs(times), .. Text(8, "times")]), .. Node("Unsqueeze", ["y", "zero"], ["y1"]), .. Bytes(5, [.. Longs(0), .. Text(8, "zero")]),
            .. Node("Tile", ["y1", "times"], ["z"]), .. Port(12, "z", 1)]), controlFlow: false);

    private byte[] Graph() =>
    [
        .. Inputs.SelectMany((input, i) => input is null ? [] : Bytes(5, input, Text(8, $"i{i}"))),
        .. Node(Operator, [.. Inputs.Select((input, i) => input is null ? "" : $"i{i}")], ["y", .. Enumerable.Range(1, Outputs - 1).Select(i => $"other{i}")], [.. Attributes, .. Domain.Length > 0 ? [Text(7, Domain)] : Array.Empty<byte[]>()]),
        .. Port(11, "x", 1, 1),
    ];

    private byte[] Model(byte[] graph) =>
    [
        .. Number(1, 9), .. Bytes(7, [.. Text(2, "g"), .. graph]), .. Bytes(8, Number(2, Opset)),
        .. Domain.Length > 0 ? Bytes(8, Text(1, Domain), Number(2, 1)) : [],
    ];
}
