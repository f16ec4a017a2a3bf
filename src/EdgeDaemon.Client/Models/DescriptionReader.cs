using System.Collections.Immutable;
using EdgeDaemon.Client.Transport;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Client.Models;

/// <summary>Model metadata and ModelConfig together -> one description: the metadata has the shapes, the config labels and layouts.</summary>
internal static class DescriptionReader
{
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
            Labels(config));
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
                return form.Format switch
                {
                    "FORMAT_NCHW" => ImageFormat.Nchw,
                    "FORMAT_NHWC" => ImageFormat.Nhwc,
                    _ => ImageFormat.None,
                };
            }
        }

        return ImageFormat.None;
    }

    /// <summary>ModelConfig has no field for labels, so they come as the parameter <c>labels</c>, one a line; an empty line is a class without a name.</summary>
    private static ImmutableArray<string> Labels(ConfigForm config) =>
        config.Parameters is not null
        && config.Parameters.TryGetValue("labels", out ConfigParameterForm? labels)
        && labels.StringValue is { Length: > 0 } lines
            ? [.. (lines[^1] == '\n' ? lines[..^1] : lines).Split('\n')]
            : [];
}
