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

    /// <summary>Runs at once on the processor, the configuration's <c>instance_group</c>; 0 leaves it out.</summary>
    public int Instances { get; init; }

    /// <summary>Triton's <c>optimization.graph.level</c> for ONNX: 0 all (left out), 1 extended, -1 basic, 2 none.</summary>
    public int GraphLevel { get; init; }

    /// <summary>Requests share runs; null: each has its own.</summary>
    public DynamicBatching? Batching { get; init; }
}

/// <summary>The configuration's <c>dynamic_batching</c>.</summary>
/// <param name="Preferred">Rows that runs are best made of; may be empty.</param>
/// <param name="MaxDelayMicroseconds">So long a run may wait for them.</param>
public sealed record DynamicBatching(ImmutableArray<int> Preferred, long MaxDelayMicroseconds);

/// <summary>One entry of the repository index.</summary>
/// <param name="Name">The model's name.</param>
/// <param name="Version">Its version; empty when it has none yet.</param>
/// <param name="State">READY, UNAVAILABLE, LOADING or UNLOADING.</param>
/// <param name="Reason">Why it is not ready; empty when it is.</param>
public sealed record ModelIndexEntry(string Name, string Version, string State, string Reason);
