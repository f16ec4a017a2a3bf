using System.Collections.Immutable;
using System.Text;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>
/// The inputs and outputs that a model's graph declares, read without loading it (onnx.proto3: ModelProto.graph = 7; GraphProto
/// initializer = 5, input = 11, output = 12). For filling in a manifest; what a loaded model says decides.
/// </summary>
public sealed record OnnxPorts(ImmutableArray<TensorContract> Inputs, ImmutableArray<TensorContract> Outputs)
{
    /// <summary>More inputs or outputs than any served model has.</summary>
    public const int MaxPorts = 64;

    private const int MaxNameBytes = 1024;

    /// <summary>A symbolic or absent dimension becomes -1.</summary>
    /// <exception cref="OnnxFormatException">Not an ONNX model, or a port that is no tensor of a type the protocol has.</exception>
    public static OnnxPorts Read(ReadOnlySpan<byte> model)
    {
        ReadOnlySpan<byte> graph = default;
        var fields = new ProtobufCursor(model);
        while (fields.Next())
        {
            if (fields.Field == 7 && fields.IsDelimited)
            {
                graph = fields.Content;
            }
        }

        return graph.IsEmpty ? throw new OnnxFormatException("it holds no graph") : ReadGraph(graph);
    }

    private static OnnxPorts ReadGraph(ReadOnlySpan<byte> graph)
    {
        var weights = new HashSet<string>(StringComparer.Ordinal);
        var inputs = ImmutableArray.CreateBuilder<TensorContract>();
        var outputs = ImmutableArray.CreateBuilder<TensorContract>();
        var fields = new ProtobufCursor(graph);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 5 when fields.IsDelimited:
                    weights.Add(WeightName(fields.Content));
                    break;
                case 11 or 12 when fields.IsDelimited:
                    ImmutableArray<TensorContract>.Builder ports = fields.Field == 11 ? inputs : outputs;
                    ports.Add(Port(fields.Content));
                    break;
            }
        }

        // Before IR version 4 every weight was also listed as an input: those with a value are not asked of the caller.
        inputs.RemoveAll(input => weights.Contains(input.Name));
        return inputs.Count <= MaxPorts && outputs.Count <= MaxPorts
            ? new OnnxPorts(inputs.ToImmutable(), outputs.ToImmutable())
            : throw new OnnxFormatException($"it has more than {MaxPorts} inputs or outputs");
    }

    /// <summary>TensorProto.name = 8.</summary>
    private static string WeightName(ReadOnlySpan<byte> tensor)
    {
        var fields = new ProtobufCursor(tensor);
        string name = "";
        while (fields.Next())
        {
            if (fields.Field == 8 && fields.IsDelimited)
            {
                name = Text(fields.Content);
            }
        }

        return name;
    }

    /// <summary>ValueInfoProto: name = 1, type = 2; TypeProto: tensor_type = 1 (elem_type = 1, shape = 2).</summary>
    private static TensorContract Port(ReadOnlySpan<byte> value)
    {
        string name = "";
        ReadOnlySpan<byte> type = default;
        var fields = new ProtobufCursor(value);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 1 when fields.IsDelimited:
                    name = Text(fields.Content);
                    break;
                case 2 when fields.IsDelimited:
                    type = fields.Content;
                    break;
            }
        }

        var kinds = new ProtobufCursor(type);
        while (kinds.Next())
        {
            if (kinds.Field == 1 && kinds.IsDelimited)
            {
                return Tensor(name, kinds.Content);
            }
        }

        throw new OnnxFormatException($"'{Printable.Of(name)}' is not a tensor");
    }

    private static TensorContract Tensor(string name, ReadOnlySpan<byte> type)
    {
        ElementType element = default;
        ImmutableArray<long>.Builder shape = ImmutableArray.CreateBuilder<long>();
        var fields = new ProtobufCursor(type);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 1:
                    element = Element(fields.Number)
                        ?? throw new OnnxFormatException($"'{Printable.Of(name)}' has ONNX type {fields.Number}, which the protocol does not carry");
                    break;
                case 2 when fields.IsDelimited:
                    ReadShape(fields.Content, shape);
                    break;
            }
        }

        return element == default
            ? throw new OnnxFormatException($"'{Printable.Of(name)}' has no element type")
            : new TensorContract(name, element, shape.ToImmutable());
    }

    /// <summary>TensorShapeProto: dim = 1 (dim_value = 1, dim_param = 2).</summary>
    private static void ReadShape(ReadOnlySpan<byte> message, ImmutableArray<long>.Builder shape)
    {
        var dimensions = new ProtobufCursor(message);
        while (dimensions.Next())
        {
            if (dimensions.Field != 1 || !dimensions.IsDelimited)
            {
                continue;
            }

            if (shape.Count == TensorShape.MaxRank)
            {
                throw new OnnxFormatException($"a shape has more than {TensorShape.MaxRank} dimensions");
            }

            long size = -1;
            var fields = new ProtobufCursor(dimensions.Content);
            while (fields.Next())
            {
                if (fields.Field == 1 && !fields.IsDelimited)
                {
                    size = (long)fields.Number;
                }
            }

            shape.Add(size < 0 ? -1 : size);
        }
    }

    private static string Text(ReadOnlySpan<byte> bytes) =>
        bytes.Length <= MaxNameBytes ? Encoding.UTF8.GetString(bytes) : throw new OnnxFormatException($"a name is longer than {MaxNameBytes} bytes");

    /// <summary>TensorProto.DataType.</summary>
    private static ElementType? Element(ulong dataType) => dataType switch
    {
        1 => ElementType.Float32,
        2 => ElementType.UInt8,
        3 => ElementType.Int8,
        4 => ElementType.UInt16,
        5 => ElementType.Int16,
        6 => ElementType.Int32,
        7 => ElementType.Int64,
        8 => ElementType.Bytes,
        9 => ElementType.Bool,
        10 => ElementType.Float16,
        11 => ElementType.Float64,
        12 => ElementType.UInt32,
        13 => ElementType.UInt64,
        16 => ElementType.BFloat16,
        _ => null,
    };
}
