using System.Collections.Immutable;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Models;

/// <summary>What a served model promises its callers, prepared for the hot path: names as UTF-8, what answers begin with, sizes and conversions known.</summary>
internal sealed class ModelContract(ModelManifest manifest)
{
    public ModelHead Head { get; } = new(manifest.Name, manifest.Version);

    public ImmutableArray<ContractInput> Inputs { get; } = [.. manifest.Inputs.Select(input => new ContractInput(input))];

    public ImmutableArray<ContractOutput> Outputs { get; } = [.. manifest.Outputs.Select(output => new ContractOutput(output))];
}

/// <summary>One input as callers see it, and what becomes of it before the graphs see it.</summary>
internal sealed class ContractInput(ManifestInput manifest)
{
    public TensorContract Contract { get; } = manifest.Contract;

    public byte[] NameUtf8 { get; } = Encoding.UTF8.GetBytes(manifest.Contract.Name);

    /// <summary>The name of the tensor in the members' graphs.</summary>
    public string Tensor { get; } = manifest.Tensor;

    /// <summary>What the graphs receive: the caller's type, or FP32 after preprocessing.</summary>
    public ElementType GraphType { get; } = manifest.Preprocess is null ? manifest.Contract.Type : ElementType.Float32;

    public Preprocess? Preprocess { get; } = manifest.Preprocess;

    public bool AllowNonFinite { get; } = manifest.AllowNonFinite;
}

/// <summary>One output as callers see it.</summary>
internal sealed class ContractOutput(ManifestOutput manifest)
{
    public TensorContract Contract { get; } = manifest.Contract;

    public byte[] NameUtf8 { get; } = Encoding.UTF8.GetBytes(manifest.Contract.Name);

    public OutputHead Head { get; } = new(manifest.Contract.Name, manifest.Contract.Type);

    public string Tensor { get; } = manifest.Tensor;
}
