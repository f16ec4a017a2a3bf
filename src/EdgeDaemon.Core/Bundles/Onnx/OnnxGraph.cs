using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles.Onnx.Folding;

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
    private readonly Dictionary<string, FoldedValue> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FoldedValue> _declared = new(StringComparer.Ordinal);

    private readonly LiveValues _live = new();

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
                    if (OnnxSparse.Walk(fields.Content, findings, $"{place}.sparse_initializer[{tensors++}]") is { } sparse)
                    {
                        Weight(sparse.Values, weights, place);
                        Enter(sparse.Values.Name, FoldedValue.Of(sparse.Dense));
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
                    OnnxWalkState.Count(ref _walk.Names, 1, MostNames, "declared values");
                    Declare(OnnxPort.Walk(fields.Content, findings, $"{place}.value_info"));
                    break;
                case 14:
                    Annotation(fields.Content, place);
                    break;
                case 16:
                    OnnxMetadata.Entry(fields.Content, ref entries, findings, place);
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

            if (!weights.Contains(input.Name))
            {
                Enter(input.Name, FoldedValue.Of(input));
                if (_outer is null)
                {
                    _walk.Folding.Input(FoldedValue.Of(input));
                }
            }
        }

        foreach (OnnxPort output in outputs)
        {
            Declare(output);
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

            Use(output.Name);
        }

        (long bytes, int fullest) = _live.Fullest();
        if (_outer is null)
        {
            _walk.Folding.Held(bytes, $"{place}.node[{fullest}]");
        }
        else
        {
            _outer._live.Inside(bytes);
        }

        inputs.RemoveAll(input => weights.Contains(input.Name));
        Inputs = inputs.ToImmutable();
        Outputs = outputs.ToImmutable();
    }

    /// <summary>What is known of a value that this graph or one around it has made; a name of this graph hides the same name around it.</summary>
    public FoldedValue? Value(string name) => _names.Contains(name) ? _values.GetValueOrDefault(name) : _outer?.Value(name);

    /// <summary>What is known of the graph's output at that place.</summary>
    public FoldedValue? Result(int index) => index < Outputs.Length ? Value(Outputs[index].Name) : null;

    /// <summary>Remembers what a node makes, with what the file declares of it.</summary>
    /// <returns>What is known of it now.</returns>
    public FoldedValue Enter(string name, FoldedValue value) =>
        _values[name] = _declared.TryGetValue(name, out FoldedValue? declared) ? value.Declared(declared) : value;

    /// <summary>A request makes the value, of so many bytes.</summary>
    public void Holds(string name, long bytes) => _live.Make(name, bytes);

    private void Node(ReadOnlySpan<byte> content, string place)
    {
        OnnxFindings findings = _walk.Findings;
        _live.Next();
        OnnxNode node = OnnxNode.Walk(content, this, findings, place);
        _walk.Saw(node, place);
        foreach (string input in node.Inputs)
        {
            // An empty name stands for an optional input that is not given.
            if (input.Length > 0 && !Knows(input))
            {
                findings.Danger(OnnxRule.Names, place, $"{Printable.Of(node.Operator)} uses '{Printable.Of(input)}', which is made nowhere before it");
            }

            Use(input);
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
        Enter(tensor.Name, FoldedValue.Of(tensor));
    }

    private void Declare(OnnxPort port)
    {
        if (port.Shape is not null)
        {
            _declared[port.Name] = FoldedValue.Of(port);
        }
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

    // By whatever graph it is: the one that made it holds it until then.
    private void Use(string name)
    {
        if (_names.Contains(name))
        {
            _live.Use(name);
        }
        else
        {
            _outer?.Use(name);
        }
    }

    private bool Knows(string name) => _names.Contains(name) || (_outer?.Knows(name) ?? false);
}
