using EdgeDaemon.Core.Bundles.Onnx;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Native.Onnx;

/// <summary>The protocol's element types against ONNXTensorElementDataType.</summary>
internal static class OnnxElementTypes
{
    public static int Of(ElementType type) => type switch
    {
        ElementType.Float32 => 1,
        ElementType.UInt8 => 2,
        ElementType.Int8 => 3,
        ElementType.UInt16 => 4,
        ElementType.Int16 => 5,
        ElementType.Int32 => 6,
        ElementType.Int64 => 7,
        ElementType.Bytes => 8,
        ElementType.Bool => 9,
        ElementType.Float16 => 10,
        ElementType.Float64 => 11,
        ElementType.UInt32 => 12,
        ElementType.UInt64 => 13,
        ElementType.BFloat16 => 16,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    /// <summary>False for the types that the protocol has no name for (complex, 8-bit and smaller floats, sub-byte integers).</summary>
    public static bool TryFrom(int onnx, out ElementType type)
    {
        type = OnnxPort.ElementOf((ulong)onnx) ?? default;
        return type != default;
    }
}
