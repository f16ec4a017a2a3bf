using System.Collections.Immutable;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Bundles;

/// <summary>What the model answered to one request where it was released: whoever loads it must get the same before it serves.</summary>
/// <param name="AbsoluteTolerance">0 with <paramref name="RelativeTolerance"/> 0: every bit must be the same.</param>
/// <param name="Inputs">Every input of the model, in the manifest's order.</param>
/// <param name="Outputs">At least one.</param>
public sealed record ManifestSelfTest(
    string Name, double AbsoluteTolerance, double RelativeTolerance, ImmutableArray<SelfTestTensor> Inputs, ImmutableArray<SelfTestTensor> Outputs)
{
    internal static ManifestSelfTest Read(
        TomlSection table, ImmutableArray<ManifestFile> files, ImmutableArray<ManifestInput> inputs, ImmutableArray<ManifestOutput> outputs)
    {
        ImmutableArray<SelfTestTensor> given = SelfTestTensor.ReadEach(table, "inputs", [.. inputs.Select(input => input.Contract)], files);
        foreach (ManifestInput input in inputs)
        {
            if (!given.Any(tensor => tensor.Name == input.Contract.Name))
            {
                table.Error($"inputs lacks '{Printable.Of(input.Contract.Name)}': a request gives every input");
            }
        }

        return new ManifestSelfTest(
            table.RequiredString("name", ModelName.MaxLength, ModelName.Fault),
            table.Float("absolute_tolerance", 0, 0, double.MaxValue),
            table.Float("relative_tolerance", 0, 0, 1),
            [.. inputs.SelectMany(input => given.Where(tensor => tensor.Name == input.Contract.Name).Take(1))],
            SelfTestTensor.ReadEach(table, "outputs", [.. outputs.Select(output => output.Contract)], files));
    }
}

/// <summary>A tensor of a self-test, as callers send or get it.</summary>
/// <param name="File">A listed file: dense little-endian elements; BYTES with a 4-byte little-endian length before each.</param>
public sealed record SelfTestTensor(string Name, string File, TensorShape Shape)
{
    internal static ImmutableArray<SelfTestTensor> ReadEach(
        TomlSection test, string key, ImmutableArray<TensorContract> contracts, ImmutableArray<ManifestFile> files)
    {
        var tensors = ImmutableArray.CreateBuilder<SelfTestTensor>();
        foreach (TomlSection table in test.Tables(key, contracts.Length, $"is missing or empty; a self-test names at least one of the model's {key}"))
        {
            string name = table.RequiredString("name", 256, ManifestReferences.NameFault);
            string file = table.RequiredString("file", ResourceName.MaxBytes, text => ManifestReferences.Fault(text, files));
            ImmutableArray<long> dimensions = table.RequiredIntegers("shape", TensorShape.MaxRank, 0, int.MaxValue);
            TensorShape.TryCreate(dimensions.AsSpan(), out TensorShape shape);
            if (tensors.Any(other => other.Name == name))
            {
                table.ErrorAt("name", $"'{Printable.Of(name)}' appears twice in {key}");
            }

            Check(table, key, contracts.FirstOrDefault(one => one.Name == name), shape, files.FirstOrDefault(listed => listed.Path == file));
            tensors.Add(new SelfTestTensor(name, file, shape));
        }

        return tensors.ToImmutable();
    }

    private static void Check(TomlSection table, string key, TensorContract? contract, in TensorShape shape, ManifestFile? file)
    {
        if (contract is null)
        {
            table.ErrorAt("name", $"is none of the model's {key}");
        }
        else if (!contract.Admits(shape))
        {
            table.ErrorAt("shape", $"{shape} does not fit the declared [{string.Join(',', contract.Shape)}]");
        }
        else if (file is not null && contract.Type != ElementType.Bytes && (!shape.TryByteCount(contract.Type, out long bytes) || bytes != file.Size))
        {
            table.ErrorAt("file", $"has {file.Size} bytes, {contract.Type.WireName()} of shape {shape} takes {(shape.TryByteCount(contract.Type, out long needed) ? needed : "more than can be counted")}");
        }
    }
}
