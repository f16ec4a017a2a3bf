using System.Collections.Immutable;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Bundles;

/// <summary>A listed file: its canonical name below <c>content/</c> and its bytes.</summary>
public sealed record ManifestFile(string Path, long Size)
{
    internal static ManifestFile Read(TomlSection table) => new(
        table.RequiredString("path", ResourceName.MaxBytes, path =>
            ResourceName.Fault(path) is { } fault ? $"is not a canonical name: {fault}"
            : path == ModelManifest.FileName ? $"must not be {ModelManifest.FileName}: a file cannot state its own size"
            : null),
        table.RequiredInteger("size", 0, long.MaxValue));
}

/// <summary>One graph of the model.</summary>
public sealed record ManifestMember(string Name, string File)
{
    internal static ManifestMember Read(TomlSection table, ImmutableArray<ManifestFile> files) => new(
        table.RequiredString("name", ModelName.MaxLength, ModelName.Fault),
        table.RequiredString("file", ResourceName.MaxBytes, file => ManifestReferences.Fault(file, files)));
}

/// <summary>The origin of a release, shown and recorded, not judged.</summary>
public sealed record ManifestLineage(string? Code, string? Data, string? Environment)
{
    internal static ManifestLineage Read(TomlSection? table) => new(
        table?.OptionalString("code", 1024), table?.OptionalString("data", 1024), table?.OptionalString("environment", 1024));
}

/// <summary>An output as callers see it.</summary>
/// <param name="Tensor">Its name in the graphs.</param>
/// <param name="Labels">A listed file of one label a line, for the indexes of the last dimension; null for none.</param>
public sealed record ManifestOutput(TensorContract Contract, string Tensor, string? Labels)
{
    private const int LargestLabels = 1 << 20;

    internal static ManifestOutput Read(TomlSection table, ImmutableArray<ManifestFile> files)
    {
        TensorContract contract = ManifestReferences.Contract(table);
        return new ManifestOutput(
            contract,
            table.String("tensor", contract.Name, 256, ManifestReferences.NameFault),
            table.OptionalString("labels", ResourceName.MaxBytes, file => ManifestReferences.Fault(file, files)
                ?? (files.First(listed => listed.Path == file).Size > LargestLabels ? $"names a file of more than {LargestLabels} bytes; labels are words" : null)));
    }
}

/// <summary>What [[input]], [[output]] and [[member]] have in common.</summary>
internal static class ManifestReferences
{
    public static string? Fault(string file, ImmutableArray<ManifestFile> files) =>
        files.Any(listed => listed.Path == file) ? null : "names a file that no [[file]] lists";

    public static string? NameFault(string text) =>
        text.Length > 0 && !text.Any(char.IsControl) ? null : "must be 1 to 256 printable characters";

    public static TensorContract Contract(TomlSection table)
    {
        string name = table.RequiredString("name", 256, NameFault);
        ElementType type = ElementType.Float32;
        string word = table.RequiredString("datatype", 16, text =>
            ElementTypes.TryParse(text, out _) ? null : "must be one of BOOL UINT8 UINT16 UINT32 UINT64 INT8 INT16 INT32 INT64 FP16 BF16 FP32 FP64 BYTES");
        if (ElementTypes.TryParse(word, out ElementType known))
        {
            type = known;
        }

        ImmutableArray<long> shape = table.RequiredIntegers("shape", TensorShape.MaxRank, -1, int.MaxValue);
        return new TensorContract(name, type, shape);
    }
}
