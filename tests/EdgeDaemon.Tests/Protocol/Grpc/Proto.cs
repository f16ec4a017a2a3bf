using System.Text;

namespace EdgeDaemon.Tests.Protocol.Grpc;

/// <summary>Protobuf put together by hand, so that one thing about it can be wrong.</summary>
internal static class Proto
{
    public static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        bytes.Add((byte)value);
        return [.. bytes];
    }

    public static byte[] Tag(int field, int wire) => Varint(((ulong)field << 3) | (uint)wire);

    public static byte[] Number(int field, ulong value) => [.. Tag(field, 0), .. Varint(value)];

    public static byte[] Field(int field, params byte[][] content)
    {
        byte[] all = [.. content.SelectMany(piece => piece)];
        return [.. Tag(field, 2), .. Varint((ulong)all.Length), .. all];
    }

    public static byte[] Text(int field, string text) => Field(field, Encoding.UTF8.GetBytes(text));

    public static byte[] Join(params byte[][] fields) => [.. fields.SelectMany(field => field)];

    /// <summary>An entry of <c>inputs</c>.</summary>
    public static byte[] Input(string name, string type, long[] shape, params byte[][] rest) =>
        Field(5, [Text(1, name), Text(2, type), Field(3, [.. shape.Select(dimension => Varint((ulong)dimension))]), .. rest]);

    public static byte[] Contents(params byte[][] fields) => Field(5, fields);

    public static byte[] Raw(params byte[] bytes) => Field(7, bytes);

    public static byte[] Packed(int field, params ulong[] values) => Field(field, [.. values.Select(Varint)]);
}
