using System.Collections.Immutable;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol;

/// <summary>One input or output as metadata and configuration show it.</summary>
/// <param name="Contract">Name, element type and shape; -1 is a dimension the caller chooses.</param>
/// <param name="Format">Inputs: <c>FORMAT_NHWC</c> or <c>FORMAT_NCHW</c>; null leaves it out.</param>
/// <param name="LabelFilename">Outputs: the bundle's labels file; null leaves it out.</param>
public sealed record TensorDescription(TensorContract Contract, string? Format = null, string? LabelFilename = null);

/// <summary>A served model as clients see it.</summary>
/// <param name="Name">The model's name.</param>
/// <param name="Version">A number in a string: clients parse it.</param>
/// <param name="Inputs">In the model's order.</param>
/// <param name="Outputs">In the model's order.</param>
public sealed record ModelDescription(
    string Name, string Version, ImmutableArray<TensorDescription> Inputs, ImmutableArray<TensorDescription> Outputs)
{
    /// <summary>Triton's name for ONNX models, which clients compare with.</summary>
    public string Platform { get; init; } = "onnxruntime_onnx";

    public string Backend { get; init; } = "onnxruntime";

    /// <summary>The configuration's <c>parameters</c>, for example labels: keys and string values.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Parameters { get; init; } = [];
}

/// <summary>One entry of the repository index.</summary>
/// <param name="Name">The model's name.</param>
/// <param name="Version">Its version; empty when it has none yet.</param>
/// <param name="State">READY, UNAVAILABLE, LOADING or UNLOADING.</param>
/// <param name="Reason">Why it is not ready; empty when it is.</param>
public sealed record ModelIndexEntry(string Name, string Version, string State, string Reason);
