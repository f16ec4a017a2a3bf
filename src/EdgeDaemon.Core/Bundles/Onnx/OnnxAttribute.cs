namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>An attribute, walked.</summary>
/// <param name="Values">The integers of <c>i</c> or <c>ints</c>, at most <see cref="MostValues"/>; null when there are none or more.</param>
/// <param name="Largest">The greatest of all its integers, kept or not; at least 0.</param>
/// <param name="Reals">The floats of <c>f</c> or <c>floats</c>, at most <see cref="MostValues"/>; null when there are none or more.</param>
/// <param name="Count">How many values it has.</param>
/// <param name="Text">The text of <c>s</c> where it is a short one.</param>
/// <param name="Tensor">The tensor of <c>t</c>, or what a sparse one becomes.</param>
/// <param name="Graphs">The graphs of <c>g</c> or <c>graphs</c>.</param>
internal sealed record OnnxAttribute(
    string Name, long[]? Values, long Largest, double[]? Reals, long Count, string Text, OnnxTensor? Tensor, IReadOnlyList<OnnxGraph> Graphs)
{
    /// <summary>Kept values: shapes and pads have as many as a tensor has dimensions, twice.</summary>
    public const int MostValues = 1024;

    private const int MostTexts = 100_000;
    private const int LongestWord = 1024;

    // The value fields: f, i, s, t, g, floats, ints, strings, tensors, graphs, tp, type_protos, sparse_tensor, sparse_tensors.
    private const uint ValueFields = 0b1100_0000_1100_1111_1111_1100;
    private const uint IntegerFields = (1u << 3) | (1u << 8);
    private const uint RealFields = (1u << 2) | (1u << 7);

    // AttributeProto.AttributeType -> its field.
    private static ReadOnlySpan<byte> FieldOf => [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 22, 23, 14, 15];

    /// <summary>Bytes of the longest text of <c>s</c> or <c>strings</c>.</summary>
    public long LongestText { get; private init; }

    public static OnnxAttribute Walk(ReadOnlySpan<byte> content, OnnxGraph graph, OnnxFindings findings, string place)
    {
        string name = "", text = "";
        ulong type = 0;
        uint present = 0;
        var numbers = new OnnxNumbers(MostValues, whole: true);
        var reals = new OnnxNumbers(MostValues);
        List<OnnxGraph> graphs = [];
        OnnxTensor? tensor = null;
        int texts = 0;
        long longest = 0;
        var fields = new OnnxFields(content, OnnxMessage.Attribute, findings, place);
        while (fields.Next())
        {
            present |= 1u << fields.Field;
            switch (fields.Field)
            {
                case 1:
                    name = OnnxText.Name(fields.Content, findings, place);
                    break;
                case 2 or 7:
                    reals.Real(ref fields, sizeof(float));
                    break;
                case 3 or 8:
                    numbers.Integer(ref fields);
                    break;
                case 4:
                    longest = Math.Max(longest, fields.Content.Length);
                    text = fields.Content.Length <= LongestWord ? System.Text.Encoding.UTF8.GetString(fields.Content) : "";
                    break;
                case 5 or 10:
                    tensor = OnnxTensor.Walk(fields.Content, findings, At(place, name, fields.Field == 5 ? "t" : "tensors"));
                    break;
                case 6 or 11:
                    OnnxGraph nested = graph.Nested();
                    nested.Walk(fields.Content, At(place, name, "g"));
                    graphs.Add(nested);
                    break;
                case 9 when ++texts > MostTexts:
                    throw new OnnxFloodException($"an attribute has more than {MostTexts} texts");
                case 9:
                    longest = Math.Max(longest, fields.Content.Length);
                    break;
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
                    tensor = OnnxSparse.Walk(fields.Content, findings, At(place, name, "sparse_tensor"))?.Dense;
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

        // proto3 leaves a zero out: an attribute of type INT or FLOAT without a value is 0, one of type INTS is empty.
        long[]? values = (present & IntegerFields) != 0 ? numbers.AllIntegers : present != 0 ? null : type == 2 ? [0] : type == 7 ? [] : null;
        double[]? floats = (present & RealFields) != 0 ? reals.AllReals : present != 0 ? null : type == 1 ? [0] : type == 6 ? [] : null;
        return new OnnxAttribute(name, values, numbers.Largest, floats, numbers.Count + reals.Count + texts, text, tensor, graphs) { LongestText = longest };
    }

    private static string At(string place, string name, string field) =>
        $"{place}.attribute[{Printable.Of(name)}]{(field.Length == 0 ? "" : "." + field)}";
}
