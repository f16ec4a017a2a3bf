namespace EdgeDaemon.Tests.Native.Onnx;

/// <summary>Tiny ONNX models, written field by field (onnx.proto); element types by their ONNX numbers.</summary>
internal static class Graph
{
    public const int Float = 1;
    public const int Int64 = 7;
    public const int Bool = 9;

    /// <summary>A dimension: a number, or a name for one that is open.</summary>
    public static byte[] Port(string name, int type, params object[] dimensions) => [.. Wire.Text(1, name), .. Wire.Bytes(2, TensorType(type, dimensions))];

    /// <summary>A tensor whose number of dimensions is open too.</summary>
    public static byte[] ShapelessPort(string name, int type) => [.. Wire.Text(1, name), .. Wire.Bytes(2, Wire.Bytes(1, Wire.Number(1, type)))];

    public static byte[] SequencePort(string name, int type) =>
        [.. Wire.Text(1, name), .. Wire.Bytes(2, Wire.Bytes(4, Wire.Bytes(1, TensorType(type, []))))];

    public static byte[] Node(string operation, string[] inputs, string[] outputs, params byte[][] attributes) =>
        [.. inputs.SelectMany(name => Wire.Text(1, name)), .. outputs.SelectMany(name => Wire.Text(2, name)), .. Wire.Text(4, operation),
            .. attributes.SelectMany(attribute => Wire.Bytes(5, attribute))];

    /// <summary>An attribute that holds a graph.</summary>
    public static byte[] GraphAttribute(string name, byte[] graph) => [.. Wire.Text(1, name), .. Wire.Bytes(6, graph), .. Wire.Number(20, 5)];

    public static byte[] IntegerAttribute(string name, long value) => [.. Wire.Text(1, name), .. Wire.Number(3, value), .. Wire.Number(20, 2)];

    /// <summary>A constant of raw little-endian bytes.</summary>
    public static byte[] Constant(string name, int type, long[] dimensions, byte[] raw) =>
        [.. dimensions.SelectMany(dimension => Wire.Number(1, dimension)), .. Wire.Number(2, type), .. Wire.Text(8, name), .. Wire.Bytes(9, raw)];

    public static byte[] Of(byte[][] nodes, byte[][] inputs, byte[][] outputs, params byte[][] constants) =>
        [.. nodes.SelectMany(node => Wire.Bytes(1, node)), .. Wire.Text(2, "g"), .. constants.SelectMany(constant => Wire.Bytes(5, constant)),
            .. inputs.SelectMany(port => Wire.Bytes(11, port)), .. outputs.SelectMany(port => Wire.Bytes(12, port))];

    public static byte[] Model(byte[] graph, int opset = 19) =>
        [.. Wire.Number(1, 9), .. Wire.Bytes(7, graph), .. Wire.Bytes(8, Wire.Number(2, opset))];

    public static byte[] Identity(int type, params object[] dimensions) =>
        Model(Of([Node("Identity", ["x"], ["y"])], [Port("x", type, dimensions)], [Port("y", type, dimensions)]));

    private static byte[] TensorType(int type, object[] dimensions) =>
        Wire.Bytes(1, Wire.Number(1, type), Wire.Bytes(2, [.. dimensions.Select(Dimension)]));

    private static byte[] Dimension(object dimension) => Wire.Bytes(1, dimension is string name ? Wire.Text(2, name) : Wire.Number(1, Convert.ToInt64(dimension)));
}
