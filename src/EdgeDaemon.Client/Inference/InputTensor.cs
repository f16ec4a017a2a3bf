using System.Collections.Immutable;
using System.Runtime.InteropServices;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Client.Inference;

/// <summary>
/// One input. <paramref name="Bytes"/> are the elements in row-major order, little-endian (BYTES elements each after their
/// 4-byte length); they are sent from where they lie and must not change until the call has ended.
/// </summary>
public sealed record InputTensor(string Name, ElementType Type, ImmutableArray<long> Shape, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>An FP32 input with a copy of <paramref name="values"/>.</summary>
    public static InputTensor OfFloats(string name, ImmutableArray<long> shape, ReadOnlySpan<float> values) =>
        new(name, ElementType.Float32, shape, MemoryMarshal.AsBytes(values).ToArray());
}
