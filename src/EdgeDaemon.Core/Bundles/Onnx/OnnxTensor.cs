using System.Buffers.Binary;

namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>A tensor of a model, walked: what it is called, what it holds, and its values where they are few integers.</summary>
/// <param name="Elements">0 when its shape could not be believed.</param>
/// <param name="Bytes">Of its data.</param>
/// <param name="Values">Of an INT64 or INT32 tensor of at most <see cref="MostValues"/> elements; else null.</param>
internal sealed record OnnxTensor(string Name, long Elements, long Bytes, long[]? Values)
{
    public const int MostValues = 64;

    private const int MostDimensions = 16;

    // TensorProto's data fields: float, int32, string, int64, raw, double, uint64.
    private const uint DataFields = (1u << 4) | (1u << 5) | (1u << 6) | (1u << 7) | (1u << 9) | (1u << 10) | (1u << 11);

    public static OnnxTensor Walk(ReadOnlySpan<byte> content, OnnxFindings findings, string place)
    {
        string name = "";
        ulong type = 0;
        uint present = 0;
        long values = 0, dataBytes = 0;
        ReadOnlySpan<byte> small = default;
        bool packed = false;
        var dimensions = new List<long>();
        var fields = new OnnxFields(content, OnnxMessage.Tensor, findings, place);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 1:
                    Numbers(ref fields, dimensions, MostDimensions + 1);
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
                    values += Count(ref fields);
                    small = fields.Content;
                    packed = fields.IsDelimited;
                    break;
            }
        }

        long elements = CountElements(dimensions, findings, place);
        if (elements >= 0 && Check(type, elements, present & DataFields, values, dataBytes, findings, place) && elements <= MostValues)
        {
            long[]? few = (type, present & DataFields) switch
            {
                (OnnxElements.Int64, 1u << 9) => Raw(small, sizeof(long)),
                (OnnxElements.Int32, 1u << 9) => Raw(small, sizeof(int)),
                (OnnxElements.Int64, 1u << 7) or (OnnxElements.Int32, 1u << 5) when packed => Varints(small),
                (OnnxElements.Int64 or OnnxElements.Int32, 0) => [],
                _ => null,
            };
            return new OnnxTensor(name, elements, dataBytes, few);
        }

        return new OnnxTensor(name, Math.Max(elements, 0), dataBytes, null);
    }

    /// <summary>The numbers of a repeated integer field, packed or one by one, at most so many.</summary>
    public static void Numbers(ref OnnxFields fields, List<long> into, int most)
    {
        if (!fields.IsDelimited)
        {
            if (into.Count < most)
            {
                into.Add((long)fields.Number);
            }

            return;
        }

        for (var rest = new VarintRun(fields.Content); into.Count < most && rest.Next(out ulong value);)
        {
            into.Add((long)value);
        }
    }

    private static long CountElements(List<long> dimensions, OnnxFindings findings, string place)
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

    // Values in the data field just read; raw data has none.
    private static long Count(ref OnnxFields fields) => (fields.Field, fields.IsDelimited) switch
    {
        (9, _) => 0,
        (6, _) or (_, false) => 1,
        (4, _) => Whole(fields.Content.Length, sizeof(float)),
        (10, _) => Whole(fields.Content.Length, sizeof(double)),
        _ => VarintRun.Count(fields.Content),
    };

    private static long Whole(int bytes, int size) =>
        bytes % size == 0 ? bytes / size : throw new OnnxFormatException("packed values end in the middle of one");

    private static long[]? Raw(ReadOnlySpan<byte> data, int size)
    {
        long[] values = new long[data.Length / size];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = size == sizeof(long) ? BinaryPrimitives.ReadInt64LittleEndian(data[(i * size)..]) : BinaryPrimitives.ReadInt32LittleEndian(data[(i * size)..]);
        }

        return values;
    }

    private static long[] Varints(ReadOnlySpan<byte> data)
    {
        var values = new List<long>();
        for (var run = new VarintRun(data); run.Next(out ulong value);)
        {
            values.Add((long)value);
        }

        return [.. values];
    }

    private static string External(ReadOnlySpan<byte> entry, OnnxFindings findings, string place)
    {
        (string key, string value) = OnnxMetadata.Pair(entry, findings, place);
        return $"{Printable.Of(key)} = '{Printable.Of(value)}'";
    }
}
