using System.Collections.Immutable;

namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>One graph and the names it makes; a subgraph sees those of the graphs around it.</summary>
internal sealed class OnnxGraph
{
    private const int DeepestGraph = 16;
    private const int MostNodes = 100_000;
    private const int MostNames = 400_000;

    private readonly OnnxGraph? _outer;
    private readonly OnnxWalkState _walk;
    private readonly int _depth;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (long Elements, long[]? Values)> _constants = new(StringComparer.Ordinal);

    public OnnxGraph(OnnxWalkState walk, OnnxGraph? outer = null)
    {
        _walk = walk;
        _outer = outer;
        _depth = outer is null ? 0 : outer._depth + 1;
    }

    /// <summary>What the graph asks of a caller: inputs without those that are weights.</summary>
    public ImmutableArray<OnnxPort> Inputs { get; private set; } = [];

    public ImmutableArray<OnnxPort> Outputs { get; private set; } = [];

    public OnnxGraph Nested() => new(_walk, this);

    /// <param name="content">GraphProto.</param>
    /// <param name="place">For findings.</param>
    public void Walk(ReadOnlySpan<byte> content, string place)
    {
        OnnxFindings findings = _walk.Findings;
        if (_depth > DeepestGraph)
        {
            findings.Danger(OnnxRule.TooDeep, place, $"graphs nest deeper than {DeepestGraph}");
            return;
        }

        // 1. Everything but the nodes: weights and inputs may stand behind the nodes that use them.
        var inputs = ImmutableArray.CreateBuilder<OnnxPort>();
        var outputs = ImmutableArray.CreateBuilder<OnnxPort>();
        var weights = new HashSet<string>(StringComparer.Ordinal);
        int tensors = 0, entries = 0;
        var fields = new OnnxFields(content, OnnxMessage.Graph, findings, place);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 2:
                    OnnxText.Name(fields.Content, findings, place);
                    break;
                case 5:
                    Weight(OnnxTensor.Walk(fields.Content, findings, $"{place}.initializer[{tensors++}]"), weights, place);
                    break;
                case 15:
                    OnnxTensor? sparse = WalkSparse(fields.Content, findings, $"{place}.sparse_initializer[{tensors++}]");
                    if (sparse is not null)
                    {
                        Weight(sparse with { Values = null }, weights, place);
                    }

                    break;
                case 10:
                    OnnxText.Check(fields.Content, OnnxText.LongestDocumentation, OnnxRule.Text, findings, place);
                    break;
                case 11:
                    OnnxWalkState.Count(ref _walk.Names, 1, MostNames, "inputs");
                    inputs.Add(OnnxPort.Walk(fields.Content, findings, $"{place}.input[{inputs.Count}]"));
                    break;
                case 12:
                    OnnxWalkState.Count(ref _walk.Names, 1, MostNames, "outputs");
                    outputs.Add(OnnxPort.Walk(fields.Content, findings, $"{place}.output[{outputs.Count}]"));
                    break;
                case 13:
                    OnnxPort.Walk(fields.Content, findings, $"{place}.value_info");
                    break;
                case 14:
                    Annotation(fields.Content, place);
                    break;
                case 16 when ++entries <= OnnxMetadata.MostEntries:
                    OnnxMetadata.Entry(fields.Content, findings, place);
                    break;
            }
        }

        foreach (OnnxPort input in inputs)
        {
            Define(input.Name, $"{place}.input", weights.Contains(input.Name));
            if (weights.Contains(input.Name) && _walk.IrVersion >= 4)
            {
                findings.Info(OnnxRule.Overridable, place, $"'{Printable.Of(input.Name)}' is a weight and an input");
            }
        }

        // 2. The nodes, in their order, each with only what was made before it.
        int node = 0;
        fields = new OnnxFields(content, OnnxMessage.Graph, new OnnxFindings(), place);
        while (fields.Next())
        {
            if (fields.Field == 1)
            {
                OnnxWalkState.Count(ref _walk.Nodes, 1, MostNodes, "nodes");
                Node(fields.Content, $"{place}.node[{node++}]");
            }
        }

        foreach (OnnxPort output in outputs)
        {
            if (!Knows(output.Name))
            {
                findings.Danger(OnnxRule.Names, place, $"output '{Printable.Of(output.Name)}' is made nowhere");
            }
        }

        inputs.RemoveAll(input => weights.Contains(input.Name));
        Inputs = inputs.ToImmutable();
        Outputs = outputs.ToImmutable();
    }

    /// <summary>SparseTensorProto: the values' tensor; null when there is none.</summary>
    public static OnnxTensor? WalkSparse(ReadOnlySpan<byte> content, OnnxFindings findings, string place)
    {
        OnnxTensor? values = null;
        var fields = new OnnxFields(content, OnnxMessage.SparseTensor, findings, place);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 1:
                    values = OnnxTensor.Walk(fields.Content, findings, $"{place}.values");
                    break;
                case 2:
                    OnnxTensor.Walk(fields.Content, findings, $"{place}.indices");
                    break;
                case 3:
                    // The dense form is what the runtime makes of it.
                    var dimensions = new List<long>();
                    OnnxTensor.Numbers(ref fields, dimensions, 17);
                    if (dimensions.Any(dimension => dimension is < 0 or > OnnxFolding.MostElements)
                        || dimensions.Aggregate(1.0, (product, dimension) => product * dimension) > OnnxFolding.MostElements)
                    {
                        findings.Danger(OnnxRule.Folding, place, $"a sparse tensor of more than {OnnxFolding.MostElements} elements");
                    }

                    break;
            }
        }

        return values;
    }

    public bool IsConstant(string? name) => name is not null && (_constants.ContainsKey(name) || (_outer?.IsConstant(name) ?? false));

    public long[]? ValuesOf(string? name) =>
        name is null ? null : _constants.TryGetValue(name, out (long, long[]? Values) known) ? known.Values : _outer?.ValuesOf(name);

    public long ElementsOf(string? name) =>
        name is null ? 0 : _constants.TryGetValue(name, out (long Elements, long[]?) known) ? known.Elements : _outer?.ElementsOf(name) ?? 0;

    /// <summary>Remembers a constant; its values where they are few.</summary>
    public void Constant(string name, long elements, long[]? values) => _constants[name] = (elements, values);

    private void Node(ReadOnlySpan<byte> content, string place)
    {
        OnnxFindings findings = _walk.Findings;
        OnnxNode node = OnnxNode.Walk(content, this, findings, place);
        _walk.Saw(node, place);
        foreach (string input in node.Inputs)
        {
            // An empty name stands for an optional input that is not given.
            if (input.Length > 0 && !Knows(input))
            {
                findings.Danger(OnnxRule.Names, place, $"{Printable.Of(node.Operator)} uses '{Printable.Of(input)}', which is made nowhere before it");
            }
        }

        foreach (string output in node.Outputs)
        {
            if (output.Length > 0)
            {
                Define(output, place, again: false);
            }
        }

        _walk.Folding.Node(node, this, place);
    }

    private void Weight(OnnxTensor tensor, HashSet<string> weights, string place)
    {
        _walk.Weight(tensor);
        weights.Add(tensor.Name);
        Define(tensor.Name, $"{place}.initializer", again: false);
        Constant(tensor.Name, tensor.Elements, tensor.Values);
    }

    private void Annotation(ReadOnlySpan<byte> content, string place)
    {
        var fields = new OnnxFields(content, OnnxMessage.Annotation, _walk.Findings, $"{place}.quantization_annotation");
        while (fields.Next())
        {
            if (fields.Field == 2)
            {
                OnnxMetadata.Entry(fields.Content, _walk.Findings, $"{place}.quantization_annotation");
            }
        }
    }

    private void Define(string name, string place, bool again)
    {
        OnnxWalkState.Count(ref _walk.Names, 1, MostNames, "names");
        if (!_names.Add(name) && !again)
        {
            _walk.Findings.Danger(OnnxRule.Names, place, $"'{Printable.Of(name)}' is made twice");
        }
    }

    private bool Knows(string name) => _names.Contains(name) || (_outer?.Knows(name) ?? false);
}
