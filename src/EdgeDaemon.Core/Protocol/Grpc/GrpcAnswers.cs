using System.Collections.Immutable;
using System.Text;
using System.Text.Unicode;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol.Grpc;

/// <summary>ServerMetadataResponse.</summary>
public sealed record ServerMetadata(string Name, string Version, ImmutableArray<string> Extensions);

/// <summary>ModelMetadataResponse.</summary>
public sealed record ModelMetadata(
    string Name, ImmutableArray<string> Versions, string Platform, ImmutableArray<TensorContract> Inputs, ImmutableArray<TensorContract> Outputs);

/// <summary>What ModelConfigResponse says beyond the metadata: the layouts of inputs (<c>FORMAT_NHWC</c>, <c>FORMAT_NCHW</c> or null) and the parameters.</summary>
public sealed record ModelConfig(ImmutableArray<KeyValuePair<string, string?>> Formats, ImmutableArray<KeyValuePair<string, string>> Parameters);

/// <summary>The client's side of <see cref="GrpcMessages"/>: the answers that are no inference, read. Unknown fields are skipped.</summary>
/// <remarks>Each throws <see cref="RefusedException"/> when the encoding is broken or a datatype is unknown.</remarks>
public static class GrpcAnswers
{
    public static bool Flag(ReadOnlySpan<byte> message)
    {
        bool value = false;
        var fields = new ProtobufCursor(message);
        while (fields.Next())
        {
            value = fields.Is(1, WireType.Varint) ? fields.Number != 0 : value;
        }

        return value;
    }

    public static ServerMetadata ServerMetadata(ReadOnlySpan<byte> message)
    {
        string name = "", version = "";
        var extensions = ImmutableArray.CreateBuilder<string>();
        var fields = new ProtobufCursor(message);
        while (fields.Next())
        {
            switch (fields.Field, fields.Wire)
            {
                case (1, WireType.Delimited):
                    name = Text(fields.Content);
                    break;
                case (2, WireType.Delimited):
                    version = Text(fields.Content);
                    break;
                case (3, WireType.Delimited):
                    extensions.Add(Text(fields.Content));
                    break;
            }
        }

        return new ServerMetadata(name, version, extensions.ToImmutable());
    }

    public static ModelMetadata ModelMetadata(ReadOnlySpan<byte> message)
    {
        string name = "", platform = "";
        var versions = ImmutableArray.CreateBuilder<string>();
        var inputs = ImmutableArray.CreateBuilder<TensorContract>();
        var outputs = ImmutableArray.CreateBuilder<TensorContract>();
        var fields = new ProtobufCursor(message);
        while (fields.Next())
        {
            switch (fields.Field, fields.Wire)
            {
                case (1, WireType.Delimited):
                    name = Text(fields.Content);
                    break;
                case (2, WireType.Delimited):
                    versions.Add(Text(fields.Content));
                    break;
                case (3, WireType.Delimited):
                    platform = Text(fields.Content);
                    break;
                case (4, WireType.Delimited):
                    inputs.Add(Tensor(fields.Content));
                    break;
                case (5, WireType.Delimited):
                    outputs.Add(Tensor(fields.Content));
                    break;
            }
        }

        return new ModelMetadata(name, versions.ToImmutable(), platform, inputs.ToImmutable(), outputs.ToImmutable());
    }

    public static ModelConfig ModelConfig(ReadOnlySpan<byte> message)
    {
        var formats = ImmutableArray.CreateBuilder<KeyValuePair<string, string?>>();
        var parameters = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        var fields = new ProtobufCursor(message);
        while (fields.Next())
        {
            if (!fields.Is(1, WireType.Delimited))
            {
                continue;
            }

            var config = new ProtobufCursor(fields.Content);
            while (config.Next())
            {
                if (config.Is(5, WireType.Delimited))
                {
                    formats.Add(Format(config.Content));
                }
                else if (config.Is(14, WireType.Delimited))
                {
                    parameters.Add(Parameter(config.Content));
                }
            }
        }

        return new ModelConfig(formats.ToImmutable(), parameters.ToImmutable());
    }

    public static ImmutableArray<ModelIndexEntry> RepositoryIndex(ReadOnlySpan<byte> message)
    {
        var models = ImmutableArray.CreateBuilder<ModelIndexEntry>();
        var fields = new ProtobufCursor(message);
        while (fields.Next())
        {
            if (fields.Is(1, WireType.Delimited))
            {
                models.Add(IndexEntry(fields.Content));
            }
        }

        return models.ToImmutable();
    }

    /// <summary>HealthCheckResponse; a state of a later protocol is Unknown.</summary>
    public static HealthStatus Health(ReadOnlySpan<byte> message)
    {
        ulong state = 0;
        var fields = new ProtobufCursor(message);
        while (fields.Next())
        {
            state = fields.Is(1, WireType.Varint) ? fields.Number : state;
        }

        return state <= (ulong)HealthStatus.ServiceUnknown ? (HealthStatus)state : HealthStatus.Unknown;
    }

    /// <summary>A string of protobuf: UTF-8.</summary>
    internal static string Text(ReadOnlySpan<byte> content)
    {
        if (!Utf8.IsValid(content))
        {
            WireFormat.Malformed("a string is not UTF-8");
        }

        return Encoding.UTF8.GetString(content);
    }

    /// <summary>TensorMetadata, and what InferOutputTensor has in common with it.</summary>
    internal static TensorContract Tensor(ReadOnlySpan<byte> message)
    {
        string name = "";
        ReadOnlySpan<byte> datatype = default;
        var shape = ImmutableArray.CreateBuilder<long>();
        var fields = new ProtobufCursor(message);
        while (fields.Next())
        {
            switch (fields.Field, fields.Wire)
            {
                case (1, WireType.Delimited):
                    name = Text(fields.Content);
                    break;
                case (2, WireType.Delimited):
                    datatype = fields.Content;
                    break;
                case (3, WireType.Varint):
                    Dimension(shape, fields.Number);
                    break;
                case (3, WireType.Delimited):
                    ReadOnlySpan<byte> packed = fields.Content;
                    while (!packed.IsEmpty)
                    {
                        Dimension(shape, ProtobufCursor.Varint(ref packed));
                    }

                    break;
            }
        }

        if (!ElementTypes.TryParse(datatype, out ElementType type))
        {
            RefusedException.Throw(Refusal.InputUnknownType, $"tensor '{name}' has an unknown datatype");
        }

        return new TensorContract(name, type, shape.ToImmutable());
    }

    private static void Dimension(ImmutableArray<long>.Builder shape, ulong dimension)
    {
        if (shape.Count == TensorShape.MaxRank)
        {
            RefusedException.Throw(Refusal.InputShapeOverflow, $"a tensor has more than {TensorShape.MaxRank} dimensions");
        }

        shape.Add((long)dimension);
    }

    private static KeyValuePair<string, string?> Format(ReadOnlySpan<byte> input)
    {
        string name = "";
        string? format = null;
        var fields = new ProtobufCursor(input);
        while (fields.Next())
        {
            if (fields.Is(1, WireType.Delimited))
            {
                name = Text(fields.Content);
            }
            else if (fields.Is(3, WireType.Varint))
            {
                format = fields.Number switch { 1 => "FORMAT_NHWC", 2 => "FORMAT_NCHW", _ => null };
            }
        }

        return new(name, format);
    }

    private static KeyValuePair<string, string> Parameter(ReadOnlySpan<byte> entry)
    {
        string name = "", value = "";
        var fields = new ProtobufCursor(entry);
        while (fields.Next())
        {
            if (fields.Is(1, WireType.Delimited))
            {
                name = Text(fields.Content);
            }
            else if (fields.Is(2, WireType.Delimited))
            {
                var parameter = new ProtobufCursor(fields.Content);
                while (parameter.Next())
                {
                    value = parameter.Is(1, WireType.Delimited) ? Text(parameter.Content) : value;
                }
            }
        }

        return new(name, value);
    }

    private static ModelIndexEntry IndexEntry(ReadOnlySpan<byte> message)
    {
        string name = "", version = "", state = "", reason = "";
        var fields = new ProtobufCursor(message);
        while (fields.Next())
        {
            switch (fields.Field, fields.Wire)
            {
                case (1, WireType.Delimited):
                    name = Text(fields.Content);
                    break;
                case (2, WireType.Delimited):
                    version = Text(fields.Content);
                    break;
                case (3, WireType.Delimited):
                    state = Text(fields.Content);
                    break;
                case (4, WireType.Delimited):
                    reason = Text(fields.Content);
                    break;
            }
        }

        return new ModelIndexEntry(name, version, state, reason);
    }
}
