using System.Text;

namespace EdgeDaemon.Tests.Bundles.Onnx;

/// <summary>Protobuf by hand, enough to make ONNX models of any rightness.</summary>
internal static class OnnxBytes
{
    public static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        do
        {
            bytes.Add((byte)((value & 127) | (value > 127 ? 128u : 0)));
            value >>= 7;
        }
        while (value > 0);
        return [.. bytes];
    }

    public static byte[] Number(int field, long value) => [.. Varint((ulong)field << 3), .. Varint((ulong)value)];

    public static byte[] Bytes(int field, params byte[][] parts) =>
        [.. Varint(((ulong)field << 3) | 2), .. Varint((ulong)parts.Sum(p => p.Length)), .. parts.SelectMany(p => p)];

    public static byte[] Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

    /// <summary>ValueInfoProto of a tensor; null is a symbolic dimension.</summary>
    public static byte[] Port(int field, string name, long type, params long?[] shape) =>
        Bytes(field, Text(1, name), Bytes(2, Bytes(1, Number(1, type), Bytes(2, [.. shape.Select(d => Bytes(1, d is long n ? Number(1, n) : Text(2, "N")))]))));

    public static byte[] Model(params byte[][] graph) => [.. Number(1, 8), .. Text(2, "test"), .. Bytes(7, graph), .. Bytes(8, Number(2, 17))];
}
