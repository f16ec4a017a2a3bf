namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>TensorProto.DataType: sizes, and the field that holds the values when raw_data does not.</summary>
internal static class OnnxElements
{
    public const int Float = 1;
    public const int Int32 = 6;
    public const int Int64 = 7;
    public const int Text = 8;
    public const int Bool = 9;
    public const int Half = 10;
    public const int Double = 11;

    /// <summary>Bits of one element; 0 for strings, -1 for a type that does not exist.</summary>
    public static int Bits(ulong type) => type switch
    {
        1 or 6 or 12 => 32,
        2 or 3 or 9 or 17 or 18 or 19 or 20 or 24 => 8,
        4 or 5 or 10 or 16 => 16,
        7 or 11 or 13 or 14 => 64,
        15 => 128,
        21 or 22 or 23 => 4,
        25 or 26 => 2,
        Text => 0,
        _ => -1,
    };

    /// <summary>The number of TensorProto's typed field for the type.</summary>
    public static int Field(ulong type) => type switch
    {
        1 or 14 => 4,
        Text => 6,
        Int64 => 7,
        11 or 15 => 10,
        12 or 13 => 11,
        _ => 5,
    };

    /// <summary>Values of the typed field for so many elements: complex numbers take two, small ones share one.</summary>
    public static long Values(ulong type, long elements) => type switch
    {
        14 or 15 => elements * 2,
        21 or 22 or 23 => (elements + 1) / 2,
        25 or 26 => (elements + 3) / 4,
        _ => elements,
    };

    /// <summary>Bytes of raw_data; -1 when that overflows.</summary>
    public static long RawBytes(ulong type, long elements)
    {
        Int128 bits = (Int128)elements * Bits(type);
        return bits > long.MaxValue ? -1 : (long)((bits + 7) / 8);
    }
}
