using System.Collections.Immutable;
using EdgeDaemon.Client.Rest;
using EdgeDaemon.Core.Protocol.Grpc;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Client.Models;

/// <summary>Model metadata and ModelConfig together -> one description: the metadata has the shapes, the config labels and layouts.</summary>
internal static class DescriptionReader
{
    private const string LabelsKey = "labels";

    public static ModelDescription Read(ModelForm metadata, ConfigForm config)
    {
        var inputs = ImmutableArray.CreateBuilder<InputDescription>(metadata.Inputs.Length);
        foreach (TensorForm input in metadata.Inputs)
        {
            inputs.Add(new InputDescription(Contract(input), Format(input.Name, config)));
        }

        var outputs = ImmutableArray.CreateBuilder<TensorContract>(metadata.Outputs.Length);
        foreach (TensorForm output in metadata.Outputs)
        {
            outputs.Add(Contract(output));
        }

        return new ModelDescription(
            metadata.Name,
            [.. metadata.Versions ?? []],
            metadata.Platform,
            inputs.MoveToImmutable(),
            outputs.MoveToImmutable(),
            Labels(config.Parameters?.GetValueOrDefault(LabelsKey)?.StringValue));
    }

    public static ModelDescription Read(ModelMetadata metadata, ModelConfig config)
    {
        var layouts = new Dictionary<string, string?>();
        foreach ((string name, string? format) in config.Formats)
        {
            layouts[name] = format;
        }

        return new ModelDescription(
            metadata.Name,
            metadata.Versions,
            metadata.Platform,
            [.. metadata.Inputs.Select(input => new InputDescription(input, Format(layouts.GetValueOrDefault(input.Name))))],
            metadata.Outputs,
            Labels(config.Parameters.LastOrDefault(parameter => parameter.Key == LabelsKey).Value));
    }

    private static TensorContract Contract(TensorForm form) =>
        ElementTypes.TryParse(form.Datatype, out ElementType type)
            ? new TensorContract(form.Name, type, [.. form.Shape])
            : throw new EdgeClientException(
                EdgeClientFailure.AnswerInvalid, $"tensor '{form.Name}' has the unknown type '{form.Datatype}'");

    private static ImageFormat Format(string input, ConfigForm config)
    {
        foreach (ConfigInputForm form in config.Input ?? [])
        {
            if (form.Name == input)
            {
                return Format(form.Format);
            }
        }

        return ImageFormat.None;
    }

    private static ImageFormat Format(string? name) => name switch
    {
        "FORMAT_NCHW" => ImageFormat.Nchw,
        "FORMAT_NHWC" => ImageFormat.Nhwc,
        _ => ImageFormat.None,
    };

    /// <summary>ModelConfig has no field for labels, so they come as the parameter <c>labels</c>, one a line; an empty line is a class without a name.</summary>
    private static ImmutableArray<string> Labels(string? lines) =>
        string.IsNullOrEmpty(lines) ? [] : [.. (lines[^1] == '\n' ? lines[..^1] : lines).Split('\n')];
}
