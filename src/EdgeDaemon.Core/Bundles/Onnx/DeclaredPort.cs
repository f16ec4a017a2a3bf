using System.Collections.Immutable;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>An input or output as a graph declares it.</summary>
/// <param name="Name">In the graph.</param>
/// <param name="Type">Of its elements.</param>
/// <param name="Shape">-1 for what is not fixed; null when the graph does not say how many dimensions there are, which is not the same as none.</param>
public sealed record DeclaredPort(string Name, ElementType Type, ImmutableArray<long>? Shape);
