namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>
/// What the runtime will compute from constants when it loads the model, and what numbers in the file make of any request, as far as sizes go: a small
/// file can ask for any amount of memory. Carries, for every value of a graph, how much it holds at most through every operator (<see cref="SizeRules"/>).
/// </summary>
internal sealed class OnnxFolding(OnnxFindings findings)
{
    /// <summary>Elements that one node may make, unless the file holds a weight of more.</summary>
    public const long MostElements = 1L << 26;

    /// <summary>Bytes that all nodes may make from constants, beside <see cref="BytesForEach"/> byte of weights that the file holds.</summary>
    private const long MostBytes = 1L << 30;

    // Four bits become a 32-bit float; and that once more, turned round.
    private const long BytesForEach = 16;

    // Decoders double each side at a step, and take strides of 4 and 8.
    private const long MostGrowth = 64;
    private const long MostPicture = 1L << 32;

    private readonly OnnxFindings _findings = findings;
    private long _largestWeight;
    private long _weightBytes;
    private long _bytes;

    /// <summary>A weight whose data the file holds: work on it costs in proportion to the file.</summary>
    public void Weight(OnnxTensor tensor)
    {
        _largestWeight = Math.Max(_largestWeight, tensor.Elements);
        _weightBytes = FoldedValue.Plus(_weightBytes, tensor.Bytes);
    }

    /// <summary>Looks at one node; what it makes is entered into the scope.</summary>
    public void Node(OnnxNode node, OnnxGraph scope, string place)
    {
        if (node.Operator == "If" && node.Domain == OperatorList.Standard)
        {
            Branches(node, scope);
            return;
        }

        if (SizeRules.Of(node.Domain, node.Operator) is not { } rule)
        {
            // Others are refused by name already.
            if (OperatorList.Has(node.Domain, node.Operator))
            {
                _findings.Danger(OnnxRule.Folding, place, $"there is no rule for how much {node.Operator} makes");
            }

            return;
        }

        FoldedValue?[] inputs = [.. node.Inputs.Select(name => name.Length == 0 ? null : scope.Value(name) ?? FoldedValue.Unknown)];
        var call = new FoldingCall(node, inputs, _findings, place);
        call.Constant &= !OperatorList.IsControlFlow(node.Domain, node.Operator);
        FoldedValue made = rule.Find(call);
        for (int i = 0; i < node.Outputs.Count; i++)
        {
            // A rule speaks of the first output; none of the others is larger.
            FoldedValue output = call.Each is { } each ? i < each.Length ? each[i] : made
                : i == 0 ? made
                : FoldedValue.Bounded(made.Volume, made.Type == OnnxElements.Float ? 0 : made.Type);
            output = output with { Constant = call.Constant, Fixed = call.Fixed && output.Shape is not null };
            if (node.Outputs[i].Length > 0)
            {
                scope.Enter(node.Outputs[i], output);
                Judge(node, rule.Judgement, call, output, place);
            }
        }
    }

    private void Judge(OnnxNode node, SizeJudgement judgement, FoldingCall call, FoldedValue output, string place)
    {
        long most = Math.Max(MostElements, _largestWeight);
        if (call.Constant)
        {
            if (output.Volume > most)
            {
                _findings.Danger(OnnxRule.Folding, place, $"{node.Operator} makes more than {most} elements from constants");
            }
            else if (node.Operator != "Constant" || call.Has("sparse_value"))
            {
                Add(FoldedValue.Times(output.Volume, output.Width), place);
            }
        }
        else if (judgement != SizeJudgement.AtLoad && output.Volume > most
            && (judgement == SizeJudgement.Always || output.Volume > MostPicture || output.Volume / MostGrowth > call.Data.Volume))
        {
            _findings.Danger(OnnxRule.Folding, place, $"{node.Operator} makes more than {most} elements of a small request");
        }
    }

    private void Add(long bytes, string place)
    {
        _bytes = FoldedValue.Plus(_bytes, bytes);
        long most = FoldedValue.Plus(MostBytes, FoldedValue.Times(_weightBytes, BytesForEach));
        if (_bytes > most)
        {
            _findings.Danger(OnnxRule.Folding, place, $"constants make the runtime compute more than {most} bytes at load");
            _bytes = 0;
        }
    }

    // The runtime puts a branch in the node's place where the condition is a constant: the result is what either branch makes, the larger of them.
    private static void Branches(OnnxNode node, OnnxGraph scope)
    {
        OnnxGraph[] branches = [.. node.Attributes.Values.SelectMany(attribute => attribute.Graphs)];
        bool constant = scope.Value(node.Inputs.ElementAtOrDefault(0) ?? "") is { Constant: true };
        for (int i = 0; i < node.Outputs.Count; i++)
        {
            FoldedValue[] results = [.. branches.Select(branch => branch.Result(i) ?? FoldedValue.Unknown)];
            scope.Enter(node.Outputs[i], new FoldedValue
            {
                Constant = constant && results.Any(result => result.Constant),
                Volume = results.Select(result => result.Volume).DefaultIfEmpty(1).Max(),
            });
        }
    }
}
