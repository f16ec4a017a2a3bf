using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles.Onnx.Folding;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>An input or output of a graph as it declares it.</summary>
/// <param name="Type">TensorProto.DataType; 0 when it is no tensor.</param>
/// <param name="Shape">-1 for what is not fixed; null when not even the rank is known.</param>
public sealed record OnnxPort(string Name, ulong Type, ImmutableArray<long>? Shape)
{
    private const int DeepestType = 8;

    /// <summary>Whether the graph says what kind of value it is, a tensor or another.</summary>
    public bool HasType { get; init; }

    /// <summary>The protocol's name of the element type; null for one that it does not carry.</summary>
    public ElementType? Element => ElementOf(Type);

    /// <summary>TensorProto.DataType as the protocol's type; null for one that it does not carry (complex, narrow floats, sub-byte integers).</summary>
    public static ElementType? ElementOf(ulong type) => type switch
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

    internal static OnnxPort Walk(ReadOnlySpan<byte> content, OnnxFindings findings, string place)
    {
        var port = new OnnxPort("", 0, null);
        var fields = new OnnxFields(content, OnnxMessage.ValueInfo, findings, place);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 1:
                    port = port with { Name = OnnxText.Name(fields.Content, findings, place) };
                    break;
                case 2:
                    (ulong type, ImmutableArray<long>? shape) = Kind(fields.Content, findings, place, 0);
                    port = port with { Type = type, Shape = shape, HasType = !fields.Content.IsEmpty };
                    break;
                case 3:
                    OnnxText.Check(fields.Content, OnnxText.LongestDocumentation, OnnxRule.Text, findings, place);
                    break;
                case 4:
                    OnnxMetadata.Entry(fields.Content, findings, place);
                    break;
            }
        }

        return port;
    }

    internal static (ulong Type, ImmutableArray<long>? Shape) Kind(ReadOnlySpan<byte> content, OnnxFindings findings, string place, int depth)
    {
        if (depth > DeepestType)
        {
            findings.Danger(OnnxRule.TooDeep, place, $"a type nests deeper than {DeepestType}");
            return (0, null);
        }

        (ulong Type, ImmutableArray<long>? Shape) found = (0, null);
        var fields = new OnnxFields(content, OnnxMessage.Type, findings, place);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 1:
                    found = Tensor(fields.Content, findings, place);
                    break;
                case 8:
                    Tensor(fields.Content, findings, place);
                    break;
                case 4 or 9:
                    Inner(fields.Content, OnnxMessage.ElementOf, 1, findings, place, depth);
                    break;
                case 5:
                    Inner(fields.Content, OnnxMessage.MapType, 2, findings, place, depth);
                    break;
                case 6:
                    OnnxText.Name(fields.Content, findings, place);
                    break;
            }
        }

        return found;
    }

    private static void Inner(ReadOnlySpan<byte> content, OnnxMessage message, int typeField, OnnxFindings findings, string place, int depth)
    {
        var fields = new OnnxFields(content, message, findings, place);
        while (fields.Next())
        {
            if (fields.Field == typeField)
            {
                Kind(fields.Content, findings, place, depth + 1);
            }
        }
    }

    private static (ulong Type, ImmutableArray<long>? Shape) Tensor(ReadOnlySpan<byte> content, OnnxFindings findings, string place)
    {
        ulong type = 0;
        ImmutableArray<long>? shape = null;
        var fields = new OnnxFields(content, OnnxMessage.TensorType, findings, place);
        while (fields.Next())
        {
            if (fields.Field == 1)
            {
                type = fields.Number;
                if (OnnxElements.Bits(type) < 0)
                {
                    findings.Danger(OnnxRule.TensorType, place, $"element type {type} does not exist");
                }
            }
            else
            {
                shape = Dimensions(fields.Content, findings, place);
            }
        }

        return (type, shape);
    }

    private static ImmutableArray<long> Dimensions(ReadOnlySpan<byte> content, OnnxFindings findings, string place)
    {
        var shape = ImmutableArray.CreateBuilder<long>();
        Int128 elements = 1;
        var dimensions = new OnnxFields(content, OnnxMessage.Shape, findings, place);
        while (dimensions.Next())
        {
            if (shape.Count == TensorShape.MaxRank)
            {
                findings.Danger(OnnxRule.TensorData, place, $"a shape has more than {TensorShape.MaxRank} dimensions");
                break;
            }

            long size = -1;
            var fields = new OnnxFields(dimensions.Content, OnnxMessage.Dimension, findings, place);
            while (fields.Next())
            {
                if (fields.Field == 1)
                {
                    // Old exporters write 0 or -1 for what they do not know.
                    size = (long)fields.Number;
                }
                else
                {
                    OnnxText.Name(fields.Content, findings, place);
                }
            }

            shape.Add(size < 0 ? -1 : size);
            elements *= Math.Max(size, 1);
            if (elements > OnnxFolding.MostElements * 32)
            {
                findings.Danger(OnnxRule.TensorData, place, "a declared shape is too large to be held");
                elements = 1;
            }
        }

        return shape.ToImmutable();
    }
}
