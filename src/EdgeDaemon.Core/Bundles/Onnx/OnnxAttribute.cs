namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>An attribute, walked.</summary>
/// <param name="Values">The integers of <c>i</c> or <c>ints</c>, at most <see cref="OnnxTensor.MostValues"/>; null when there are none or more.</param>
/// <param name="Tensor">The tensor of <c>t</c>.</param>
internal sealed record OnnxAttribute(string Name, long[]? Values, OnnxTensor? Tensor)
{
    private const int MostTexts = 100_000;

    // The value fields: f, i, s, t, g, floats, ints, strings, tensors, graphs, tp, type_protos, sparse_tensor, sparse_tensors.
    private const uint ValueFields = 0b1100_0000_1100_1111_1111_1100;

    // AttributeProto.AttributeType -> its field.
    private static ReadOnlySpan<byte> FieldOf => [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 22, 23, 14, 15];

    public static OnnxAttribute Walk(ReadOnlySpan<byte> content, OnnxGraph graph, OnnxFindings findings, string place)
    {
        string name = "";
        ulong type = 0;
        uint present = 0;
        var values = new List<long>();
        OnnxTensor? tensor = null;
        int texts = 0;
        var fields = new OnnxFields(content, OnnxMessage.Attribute, findings, place);
        while (fields.Next())
        {
            present |= 1u << fields.Field;
            switch (fields.Field)
            {
                case 1:
                    name = OnnxText.Name(fields.Content, findings, place);
                    break;
                case 3:
                    values.Add((long)fields.Number);
                    break;
                case 5 or 10:
                    tensor = OnnxTensor.Walk(fields.Content, findings, At(place, name, fields.Field == 5 ? "t" : "tensors"));
                    break;
                case 6 or 11:
                    graph.Nested().Walk(fields.Content, At(place, name, "g"));
                    break;
                case 8:
                    OnnxTensor.Numbers(ref fields, values, OnnxTensor.MostValues + 1);
                    break;
                case 9 when ++texts > MostTexts:
                    throw new OnnxFloodException($"an attribute has more than {MostTexts} texts");
                case 13:
                    OnnxText.Check(fields.Content, OnnxText.LongestDocumentation, OnnxRule.Text, findings, place);
                    break;
                case 14 or 15:
                    OnnxPort.Kind(fields.Content, findings, At(place, name, "tp"), 0);
                    break;
                case 20:
                    type = fields.Number;
                    break;
                case 21 when !fields.Content.IsEmpty:
                    findings.Danger(OnnxRule.Attribute, At(place, name, "ref_attr_name"), "it refers to an attribute of a function, and this is none");
                    break;
                case 22 or 23:
                    OnnxGraph.WalkSparse(fields.Content, findings, At(place, name, "sparse_tensor"));
                    break;
            }
        }

        present &= ValueFields;
        if ((present & (present - 1)) != 0)
        {
            findings.Danger(OnnxRule.Attribute, At(place, name, ""), "it has values in several fields");
        }
        else if (type >= (ulong)FieldOf.Length || (type != 0 && present != 0 && present != 1u << FieldOf[(int)type]))
        {
            findings.Danger(OnnxRule.Attribute, At(place, name, ""), $"its value is not of its type {type}");
        }

        bool integers = (present & ((1u << 3) | (1u << 8))) != 0 || (present == 0 && type is 2 or 7);
        return new OnnxAttribute(name, integers && values.Count <= OnnxTensor.MostValues ? [.. values.DefaultIfEmpty(0).Take(type == 7 && values.Count == 0 ? 0 : int.MaxValue)] : null, tensor);
    }

    private static string At(string place, string name, string field) =>
        $"{place}.attribute[{Printable.Of(name)}]{(field.Length == 0 ? "" : "." + field)}";
}
