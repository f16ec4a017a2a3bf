using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Onnx;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Bundles;

/// <summary>What a first model.toml is made from: every file of a tree, with the ports of its graphs.</summary>
internal static class SkeletonFiles
{
    /// <param name="tree">The model's files.</param>
    /// <param name="folder">Where they are, for messages.</param>
    /// <param name="error">Gets a line for each graph that could not be read; it is filled in by hand then.</param>
    /// <exception cref="CtlException">There are none.</exception>
    public static ImmutableArray<SkeletonFile> Of(ContentTree tree, string folder, TextWriter error)
    {
        ImmutableArray<SkeletonFile> files =
            [.. tree.Files.Where(file => file.Name != ModelManifest.FileName).Select(file => new SkeletonFile(file.Name, file.Bytes.Length, Ports(file, error)))];
        return files.Length > 0 ? files : throw new CtlException($"{folder} is empty: put the model's files there first");
    }

    private static OnnxPorts? Ports(ContentFile file, TextWriter error)
    {
        if (!file.Name.EndsWith(".onnx", StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            return OnnxPorts.Read(file.Bytes.Span);
        }
        catch (OnnxFormatException unreadable)
        {
            error.WriteLine($"edgectl: {file.Name}: inputs and outputs not read ({unreadable.Message}); fill them in by hand");
            return null;
        }
    }
}
