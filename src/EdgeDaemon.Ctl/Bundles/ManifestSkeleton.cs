using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Onnx;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Ctl.Bundles;

/// <summary>A file of the content folder, and what its graph declares when it is an ONNX model that could be read.</summary>
internal sealed record SkeletonFile(string Name, long Size, OnnxPorts? Ports);

/// <summary>
/// A first model.toml for a folder of model files. What the files tell is filled in; what only the author knows is a comment,
/// or the word <see cref="FillIn"/>, which no reader of model.toml accepts.
/// </summary>
internal static class ManifestSkeleton
{
    public const string FillIn = ModelManifest.FillIn;

    public static string Text(string name, ImmutableArray<SkeletonFile> files, DateTimeOffset now)
    {
        ImmutableArray<SkeletonFile> models = [.. files.Where(file => file.Name.EndsWith(".onnx", StringComparison.Ordinal))];
        var text = new StringBuilder();
        Head(text, name, now);
        Files(text, files);
        OnnxPorts? ports = Members(text, models);
        bool labels = files.Any(file => file.Name == "labels.txt");
        Inputs(text, ports);
        Outputs(text, ports, labels);
        text.Append(
            """

            # What the model answers to a request, as files of the content folder: checked by every device before the release serves.
            # [[self_test]]
            # name = "first"
            # absolute_tolerance = 1e-4
            # inputs = [{ name = "...", file = "self-test.input.bin", shape = [1] }]
            # outputs = [{ name = "...", file = "self-test.output.bin", shape = [1] }]

            # Where the model comes from, in your words: shown and recorded, not judged.
            # [lineage]
            # code = ""
            # data = ""
            # environment = ""

            """);
        return text.ToString();
    }

    private static void Head(StringBuilder text, string name, DateTimeOffset now) => text.Append(CultureInfo.InvariantCulture,
        $"""
        # What this model is and how it is served. The signature covers this file like every other one of the folder.
        format = 1
        name = {TomlQuote.Of(name)}
        version = "1"                     # digits; what callers see and may ask for
        sequence = 1                      # raise it with every release: a device never goes back to a lower one
        security_floor = 0                # raise it to the oldest sequence that may still run
        created = {now.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}
        expires = {now.UtcDateTime.AddYears(1):yyyy-MM-ddTHH:mm:ssZ}    # no device takes the release up after this
        description = ""


        """);

    private static void Files(StringBuilder text, ImmutableArray<SkeletonFile> files)
    {
        text.Append("# Every other file of the folder, with its size in bytes.\n");
        foreach (SkeletonFile file in files)
        {
            text.Append(CultureInfo.InvariantCulture, $"[[file]]\npath = {TomlQuote.Of(file.Name)}\nsize = {file.Size}\n\n");
        }
    }

    /// <summary>The first model's ports; every model with the same ones becomes a member.</summary>
    private static OnnxPorts? Members(StringBuilder text, ImmutableArray<SkeletonFile> models)
    {
        text.Append("# The ONNX files that answer together; one is enough.\n");
        if (models.IsEmpty)
        {
            text.Append($"[[member]]\nname = \"a\"\nfile = \"{FillIn}\"\n\n");
            return null;
        }

        OnnxPorts? first = models[0].Ports;
        int members = 0;
        foreach (SkeletonFile model in models)
        {
            if (members > 0 && !Same(first, model.Ports))
            {
                text.Append(CultureInfo.InvariantCulture, $"# {TomlQuote.Of(model.Name)} has other inputs or outputs than the first: no member.\n\n");
                continue;
            }

            members++;
            text.Append(CultureInfo.InvariantCulture, $"[[member]]\nname = {TomlQuote.Of(MemberName(model.Name, members))}\nfile = {TomlQuote.Of(model.Name)}\n\n");
        }

        if (members > 1)
        {
            text.Append("[ensemble]\nrule = \"mean\"                     # the mean of the members' outputs; or \"probabilities\", \"majority\"\n\n");
        }

        return first;
    }

    /// <summary>The file's own name where that is a name for a member, else its number.</summary>
    private static string MemberName(string file, int number)
    {
        string name = Path.GetFileNameWithoutExtension(file);
        return ModelName.Fault(name) is null && !file.Contains('/') ? name : $"member-{number}";
    }

    private static void Inputs(StringBuilder text, OnnxPorts? ports)
    {
        text.Append("# What callers send: -1 is a dimension that they choose; 'tensor' is the name in the ONNX graph.\n");
        if (ports is null)
        {
            Placeholder(text, "input");
            return;
        }

        foreach (DeclaredPort input in ports.Inputs)
        {
            Port(text, "input", input);
            if (ImageLayout(input) is string layout)
            {
                text.Append("# When this is a picture, these let callers (and 'edgectl infer --image') send its bytes:\n");
                if (input.Type == ElementType.Float32)
                {
                    text.Append("# datatype = \"UINT8\"               # instead of the one above\n");
                    text.Append("# preprocess = { to = \"FP32\", divide_by = 255.0 }\n");
                }

                text.Append(CultureInfo.InvariantCulture, $"# image = {{ layout = \"{layout}\" }}\n");
            }

            text.Append('\n');
        }
    }

    private static void Outputs(StringBuilder text, OnnxPorts? ports, bool labels)
    {
        text.Append("# What they get back. 'labels' names a file with one class name a line, in the order of the last dimension.\n");
        if (ports is null)
        {
            Placeholder(text, "output");
            return;
        }

        for (int i = 0; i < ports.Outputs.Length; i++)
        {
            Port(text, "output", ports.Outputs[i]);
            if (i == 0)
            {
                text.Append(labels ? "labels = \"labels.txt\"\n" : "# labels = \"labels.txt\"\n");
            }

            text.Append('\n');
        }
    }

    private static void Port(StringBuilder text, string kind, DeclaredPort port) => text.Append(CultureInfo.InvariantCulture,
        $"""
        [[{kind}]]
        name = {TomlQuote.Of(port.Name)}
        datatype = "{port.Type.WireName()}"
        shape = [{(port.Shape is { } shape ? string.Join(", ", shape) : $"\"{FillIn}\"")}]
        tensor = {TomlQuote.Of(port.Name)}

        """);

    private static void Placeholder(StringBuilder text, string kind) =>
        text.Append(CultureInfo.InvariantCulture, $"[[{kind}]]\nname = \"{FillIn}\"\ndatatype = \"{FillIn}\"\nshape = [-1]\ntensor = \"{FillIn}\"\n\n");

    /// <summary>A guess that stays a comment until the author takes it: four dimensions, one of them 1 or 3 channels.</summary>
    private static string? ImageLayout(DeclaredPort input) =>
        input.Shape is not { Length: 4 } shape || input.Type is not (ElementType.Float32 or ElementType.UInt8) ? null
        : shape[1] is 1 or 3 ? "NCHW"
        : shape[3] is 1 or 3 ? "NHWC"
        : null;

    private static bool Same(OnnxPorts? a, OnnxPorts? b) =>
        a is not null && b is not null && Same(a.Inputs, b.Inputs) && Same(a.Outputs, b.Outputs);

    private static bool Same(ImmutableArray<DeclaredPort> a, ImmutableArray<DeclaredPort> b) =>
        a.Length == b.Length && a.Zip(b).All(pair =>
            pair.First.Name == pair.Second.Name && pair.First.Type == pair.Second.Type
            && (pair.First.Shape is { } one ? pair.Second.Shape is { } other && one.SequenceEqual(other) : pair.Second.Shape is null));
}
