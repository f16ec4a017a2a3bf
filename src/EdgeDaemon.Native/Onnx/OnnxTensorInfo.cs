using System.Collections.Immutable;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Native.Onnx;

/// <summary>
/// An input or output as the graph declares it: -1 in <paramref name="Shape"/> is a dimension that is known only at run
/// time, and <paramref name="SymbolicDimensions"/> holds its name, or an empty string.
/// </summary>
public sealed record OnnxTensorInfo(string Name, ElementType Type, ImmutableArray<long> Shape, ImmutableArray<string> SymbolicDimensions)
{
    /// <summary>
    /// False when the graph leaves even the number of dimensions open; <see cref="Shape"/> is empty then. A library older than
    /// 1.24 cannot tell that from a scalar and says true.
    /// </summary>
    public bool RankKnown { get; init; } = true;
}
