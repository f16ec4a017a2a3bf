using System.Text;

namespace EdgeDaemon.Core.Tensors;

/// <summary>The element types of the Open Inference Protocol v2 (with KServe's BF16).</summary>
public enum ElementType : byte
{
    Bool = 1,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Int8,
    Int16,
    Int32,
    Int64,
    Float16,
    BFloat16,
    Float32,
    Float64,

    /// <summary>Variable length: each element is a 4-byte little-endian length and that many bytes.</summary>
    Bytes,
}

/// <summary>Names and sizes of element types, one table for the wire, model.toml and the model configuration.</summary>
public static class ElementTypes
{
    private static readonly (string Wire, string Config, int Size)[] Table =
    [
        ("", "TYPE_INVALID", 0),
        ("BOOL", "TYPE_BOOL", 1),
        ("UINT8", "TYPE_UINT8", 1),
        ("UINT16", "TYPE_UINT16", 2),
        ("UINT32", "TYPE_UINT32", 4),
        ("UINT64", "TYPE_UINT64", 8),
        ("INT8", "TYPE_INT8", 1),
        ("INT16", "TYPE_INT16", 2),
        ("INT32", "TYPE_INT32", 4),
        ("INT64", "TYPE_INT64", 8),
        ("FP16", "TYPE_FP16", 2),
        ("BF16", "TYPE_BF16", 2),
        ("FP32", "TYPE_FP32", 4),
        ("FP64", "TYPE_FP64", 8),
        ("BYTES", "TYPE_STRING", 0),
    ];

    // Each request names a type: all names are compared at once.
    private static readonly ulong[] Packed = [.. Table.Select(entry => Pack(Encoding.ASCII.GetBytes(entry.Wire)))];

    /// <summary>The protocol's name, for example <c>FP32</c>.</summary>
    public static string WireName(this ElementType type) => Table[(int)type].Wire;

    /// <summary>The name in Triton's ModelConfig, for example <c>TYPE_FP32</c>.</summary>
    public static string ConfigName(this ElementType type) => Table[(int)type].Config;

    /// <summary>Bytes of one element; 0 for <see cref="ElementType.Bytes"/>, whose elements vary.</summary>
    public static int Size(this ElementType type) => Table[(int)type].Size;

    public static bool TryParse(ReadOnlySpan<byte> wireName, out ElementType type)
    {
        type = (ElementType)Math.Max(Array.IndexOf(Packed, Pack(wireName)), 0);
        return type != default;
    }

    public static bool TryParse(ReadOnlySpan<char> wireName, out ElementType type)
    {
        for (int i = 1; i < Table.Length; i++)
        {
            if (wireName.SequenceEqual(Table[i].Wire))
            {
                type = (ElementType)i;
                return true;
            }
        }

        type = default;
        return false;
    }

    /// <summary>A name's bytes and, in the highest, how many they are: with a NUL behind it, it is another. The names have six at most; whatever is longer is none.</summary>
    private static ulong Pack(ReadOnlySpan<byte> name)
    {
        if (name.Length >= sizeof(ulong))
        {
            return ulong.MaxValue;
        }

        ulong packed = (ulong)name.Length << 56;
        for (int i = 0; i < name.Length; i++)
        {
            packed |= (ulong)name[i] << (8 * i);
        }

        return packed;
    }
}
