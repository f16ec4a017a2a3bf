using System.Collections.Immutable;
using System.Runtime.InteropServices;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Client.Inference;

/// <summary>One output: elements in row-major order, little-endian, as they came: in the caller's buffer where one was given, else in memory of the answer's own.</summary>
public sealed record OutputTensor(string Name, ElementType Type, ImmutableArray<long> Shape, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The elements of an FP32 output.</summary>
    /// <exception cref="InvalidOperationException">The output has another type.</exception>
    public float[] ToFloats() =>
        Type == ElementType.Float32
            ? MemoryMarshal.Cast<byte, float>(Bytes.Span).ToArray()
            : throw new InvalidOperationException($"output '{Name}' is {Type.WireName()}, not FP32");
}
