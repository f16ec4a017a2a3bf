using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles.Onnx.Folding;

namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>What a whole walk gathers, over every graph of the model.</summary>
internal sealed class OnnxWalkState(bool controlFlow)
{
    private readonly SortedDictionary<string, long> _operators = new(StringComparer.Ordinal);

    public int Nodes;
    public int Names;

    public OnnxFindings Findings { get; } = new();

    public OnnxFolding Folding { get; private set; } = null!;

    public long IrVersion { get; set; }

    public HashSet<string> Domains { get; } = new(StringComparer.Ordinal);

    public long Parameters { get; private set; }

    public long WeightBytes { get; private set; }

    /// <summary>As <c>Conv</c> or <c>com.microsoft:FusedConv</c>.</summary>
    public ImmutableSortedDictionary<string, long> Operators => _operators.ToImmutableSortedDictionary(StringComparer.Ordinal);

    public static OnnxWalkState Create(bool controlFlow)
    {
        var state = new OnnxWalkState(controlFlow);
        state.Folding = new OnnxFolding(state.Findings);
        return state;
    }

    public static void Count(ref int counter, int more, int most, string what)
    {
        counter += more;
        if (counter > most)
        {
            throw new OnnxFloodException($"the model has more than {most} {what}");
        }
    }

    public void Weight(OnnxTensor tensor)
    {
        Parameters += tensor.Elements;
        WeightBytes += tensor.Bytes;
        Folding.Weight(tensor);
    }

    public void Saw(OnnxNode node, string place)
    {
        string name = node.Domain.Length == 0 ? node.Operator : $"{node.Domain}:{node.Operator}";
        _operators[name] = _operators.GetValueOrDefault(name) + 1;
        Domains.Add(node.Domain);
        if (!OperatorList.HasDomain(node.Domain))
        {
            Findings.Danger(OnnxRule.Domain, place, $"domain '{Printable.Of(node.Domain)}' of {Printable.Of(node.Operator)} is not one of the runtime's own");
        }
        else if (!OperatorList.Has(node.Domain, node.Operator))
        {
            Findings.Danger(OnnxRule.Operator, place, $"operator {Printable.Of(name)} is not on the list of those that may load");
        }

        if (!controlFlow && OperatorList.IsControlFlow(node.Domain, node.Operator))
        {
            Findings.Danger(OnnxRule.ControlFlow, place, $"{node.Operator}: model.toml does not allow control flow ([inspection] control_flow)");
        }
    }
}
