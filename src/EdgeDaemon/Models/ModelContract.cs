using System.Collections.Immutable;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Models;

/// <summary>What a served model promises its callers, prepared for the hot path: names as UTF-8, sizes and conversions known.</summary>
internal sealed class ModelContract
{
    public ModelContract(ModelManifest manifest)
    {
        Inputs = [.. manifest.Inputs.Select(input => new ContractInput(input))];
        Outputs = [.. manifest.Outputs.Select(output => new ContractOutput(output))];
    }

    public ImmutableArray<ContractInput> Inputs { get; }

    public ImmutableArray<ContractOutput> Outputs { get; }
}

/// <param name="Manifest">As the signed manifest declares it.</param>
internal sealed class ContractInput(ManifestInput manifest)
{
    public TensorContract Contract { get; } = manifest.Contract;

    public byte[] NameUtf8 { get; } = Encoding.UTF8.GetBytes(manifest.Contract.Name);

    /// <summary>The name of the tensor in the members' graphs.</summary>
    public string Tensor { get; } = manifest.Tensor;

    /// <summary>What the graphs receive: the caller's type, or FP32 after preprocessing.</summary>
    public ElementType GraphType { get; } = manifest.Preprocess is null ? manifest.Contract.Type : ElementType.Float32;

    public Preprocess? Preprocess { get; } = manifest.Preprocess;
}

internal sealed class ContractOutput(ManifestOutput manifest)
{
    public TensorContract Contract { get; } = manifest.Contract;

    public byte[] NameUtf8 { get; } = Encoding.UTF8.GetBytes(manifest.Contract.Name);

    public string Tensor { get; } = manifest.Tensor;
}
