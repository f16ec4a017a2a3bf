namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>A node, walked: what its checks need, nothing else.</summary>
internal sealed class OnnxNode
{
    public const int MostAttributes = 256;
    public const int MostPorts = 4096;

    public string Domain { get; private set; } = OperatorList.Standard;

    public string Operator { get; private set; } = "";

    public List<string> Inputs { get; } = [];

    public List<string> Outputs { get; } = [];

    public Dictionary<string, OnnxAttribute> Attributes { get; } = new(StringComparer.Ordinal);

    /// <param name="content">NodeProto.</param>
    /// <param name="graph">The graph it stands in: subgraphs see its names.</param>
    public static OnnxNode Walk(ReadOnlySpan<byte> content, OnnxGraph graph, OnnxFindings findings, string place)
    {
        var node = new OnnxNode();
        var fields = new OnnxFields(content, OnnxMessage.Node, findings, place);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 1 or 2:
                    List<string> ports = fields.Field == 1 ? node.Inputs : node.Outputs;
                    ports.Add(OnnxText.Name(fields.Content, findings, place));
                    Bound(ports.Count, MostPorts, "inputs or outputs");
                    break;
                case 3:
                    OnnxText.Name(fields.Content, findings, place);
                    break;
                case 4:
                    node.Operator = OnnxText.Name(fields.Content, findings, place);
                    break;
                case 6:
                    OnnxText.Check(fields.Content, OnnxText.LongestDocumentation, OnnxRule.Text, findings, place);
                    break;
                case 7:
                    node.Domain = OperatorList.Normal(OnnxText.Name(fields.Content, findings, place));
                    break;
                case 8 when !fields.Content.IsEmpty:
                    findings.Danger(OnnxRule.Functions, place, "it names an overload, which only functions have");
                    break;
                case 9:
                    OnnxMetadata.Entry(fields.Content, findings, place);
                    break;
                case 10:
                    findings.Danger(OnnxRule.Training, place, "it holds a device configuration");
                    break;
            }
        }

        // Subgraphs last: they may use what stands behind them in the bytes.
        fields = new OnnxFields(content, OnnxMessage.Node, new OnnxFindings(), place);
        while (fields.Next())
        {
            if (fields.Field == 5)
            {
                Bound(node.Attributes.Count + 1, MostAttributes, "attributes");
                OnnxAttribute attribute = OnnxAttribute.Walk(fields.Content, graph, findings, place);
                if (!node.Attributes.TryAdd(attribute.Name, attribute))
                {
                    findings.Danger(OnnxRule.Attribute, place, $"attribute '{Printable.Of(attribute.Name)}' stands there twice");
                }
            }
        }

        return node;
    }

    private static void Bound(int count, int most, string what)
    {
        if (count > most)
        {
            throw new OnnxFloodException($"a node has more than {most} {what}");
        }
    }
}
