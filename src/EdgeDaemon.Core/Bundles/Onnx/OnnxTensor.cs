namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>A tensor of a model, walked: what it is called, what it holds, and its values where they are few.</summary>
/// <param name="Type">TensorProto.DataType.</param>
/// <param name="Shape">Null when it could not be believed.</param>
/// <param name="Elements">0 when its shape could not be believed.</param>
/// <param name="Bytes">Of its data.</param>
/// <param name="Values">Of integers and truth values, at most <see cref="MostValues"/>; else null.</param>
/// <param name="Reals">Of 32-bit and 64-bit floats, at most <see cref="MostValues"/>; else null.</param>
internal sealed record OnnxTensor(string Name, ulong Type, long[]? Shape, long Elements, long Bytes, long[]? Values, double[]? Reals)
{
    public const int MostValues = 64;

    private const int MostDimensions = 16;

    // TensorProto's data fields: float, int32, string, int64, raw, double, uint64.
    private const uint DataFields = (1u << 4) | (1u << 5) | (1u << 6) | (1u << 7) | (1u << 9) | (1u << 10) | (1u << 11);

    /// <summary>Bytes of the longest of its texts; 0 where it has none.</summary>
    public long LongestText { get; private init; }

    public static OnnxTensor Walk(ReadOnlySpan<byte> content, OnnxFindings findings, string place)
    {
        string name = "";
        ulong type = 0;
        uint present = 0;
        long dataBytes = 0, longest = 0;
        ReadOnlySpan<byte> raw = default;
        var data = new OnnxNumbers(MostValues);
        var dimensions = new OnnxNumbers(MostDimensions + 1);
        var fields = new OnnxFields(content, OnnxMessage.Tensor, findings, place);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 1:
                    dimensions.Integer(ref fields);
                    break;
                case 2:
                    type = fields.Number;
                    break;
                case 3:
                    findings.Danger(OnnxRule.TensorData, place, "it is a segment of a larger tensor");
                    break;
                case 8:
                    name = OnnxText.Name(fields.Content, findings, place);
                    break;
                case 12:
                    OnnxText.Check(fields.Content, OnnxText.LongestDocumentation, OnnxRule.Text, findings, place);
                    break;
                case 13:
                    findings.Danger(OnnxRule.ExternalData, place, $"its data lies elsewhere: {External(fields.Content, findings, place)}");
                    break;
                case 14 when fields.Number != 0:
                    findings.Danger(OnnxRule.ExternalData, place, "its data_location is not the file itself");
                    break;
                case 16:
                    OnnxMetadata.Entry(fields.Content, findings, place);
                    break;
                case 4 or 5 or 6 or 7 or 9 or 10 or 11:
                    present |= 1u << fields.Field;
                    dataBytes += fields.Content.Length;
                    longest = fields.Field == 6 ? Math.Max(longest, fields.Content.Length) : longest;
                    Data(ref fields, data, ref raw);
                    break;
            }
        }

        long elements = CountElements(dimensions.Integers, findings, place);
        bool sound = elements >= 0 && Check(type, elements, present & DataFields, data.Count, dataBytes, findings, place);
        long[]? shape = elements >= 0 ? [.. dimensions.Integers] : null;
        (long[]? values, double[]? reals) = sound && elements <= MostValues ? SmallValues.Of(type, elements, raw, data) : (null, null);
        return new OnnxTensor(name, type, shape, Math.Max(elements, 0), dataBytes, values, reals) { LongestText = longest };
    }

    private static void Data(ref OnnxFields fields, OnnxNumbers data, ref ReadOnlySpan<byte> raw)
    {
        switch (fields.Field)
        {
            case 4:
                data.Real(ref fields, sizeof(float));
                break;
            case 10:
                data.Real(ref fields, sizeof(double));
                break;
            case 6:
                data.Other();
                break;
            case 9:
                raw = fields.Content;
                break;
            default:
                data.Integer(ref fields);
                break;
        }
    }

    private static long CountElements(IReadOnlyList<long> dimensions, OnnxFindings findings, string place)
    {
        if (dimensions.Count > MostDimensions)
        {
            findings.Danger(OnnxRule.TensorData, place, $"it has more than {MostDimensions} dimensions");
            return -1;
        }

        Int128 elements = 1;
        foreach (long dimension in dimensions)
        {
            elements *= dimension;
            if (dimension < 0 || elements > long.MaxValue)
            {
                findings.Danger(OnnxRule.TensorData, place, dimension < 0 ? $"dimension {dimension} is negative" : "its dimensions overflow");
                return -1;
            }
        }

        return (long)elements;
    }

    private static bool Check(ulong type, long elements, uint present, long values, long dataBytes, OnnxFindings findings, string place)
    {
        int bits = OnnxElements.Bits(type);
        if (bits < 0)
        {
            findings.Danger(OnnxRule.TensorType, place, $"element type {type} does not exist");
            return false;
        }

        string? fault = (present & (present - 1)) != 0 ? "its data stands in several fields"
            : present == 0 ? (elements == 0 ? null : $"it has no data for {elements} elements")
            : present == 1u << 9 ? (bits == 0 ? "strings cannot be raw" : OnnxElements.RawBytes(type, elements) == dataBytes ? null : $"{dataBytes} bytes of raw data for {elements} elements of type {type}")
            : present != 1u << OnnxElements.Field(type) ? $"its data is not in the field for type {type}"
            : OnnxElements.Values(type, elements) == values ? null : $"{values} values for {elements} elements of type {type}";
        if (fault is not null)
        {
            findings.Danger(OnnxRule.TensorData, place, fault);
        }

        return fault is null;
    }

    private static string External(ReadOnlySpan<byte> entry, OnnxFindings findings, string place)
    {
        (string key, string value) = OnnxMetadata.Pair(entry, findings, place);
        return $"{Printable.Of(key)} = '{Printable.Of(value)}'";
    }
}
