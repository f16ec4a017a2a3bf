namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>
/// What the runtime will compute from constants when it loads the model, and what numbers in the file make of any request, as far as sizes go: a small
/// file can ask for any amount of memory. Carries, for every value of a graph, how much it holds at most through every operator (<see cref="SizeRules"/>).
/// </summary>
internal sealed class OnnxFolding(OnnxFindings findings)
{
    /// <summary>Elements that one node may make of a small request, unless the file holds a weight of more.</summary>
    public const long MostElements = 1L << 26;

    /// <summary>Elements that one node may make from constants, unless the file holds a weight of more: the first dense layer of VGG-19 has 102,760,448.</summary>
    public const long MostConstants = 1L << 27;

    /// <summary>Bytes that all nodes may make from constants, beside <see cref="BytesForEach"/> byte of weights that the file holds.</summary>
    private const long MostBytes = 1L << 30;

    // Four bits become a 32-bit float; and that once more, turned round.
    private const long BytesForEach = 16;

    // Decoders double each side several times over, and give a picture 64 channels: what takes a request may be so many times its inputs.
    private const long MostGrowth = 64;

    // Elements of four bytes that come of a byte of weights, 16 bytes as at load: attention over long texts, pictures out of small ones.
    private const long ElementsForEach = 4;

    // Beyond any picture.
    private const long MostOfAny = 1L << 32;

    /// <summary>Bytes of text that one node may make: as much as the elements of four bytes.</summary>
    private const long MostText = MostElements * sizeof(float);

    // So often the texts of a request may stand in what one node makes: as much as that, where they are as long as they count.
    private const long MostQuoted = MostText / TextSize.OfRequest;

    // Of the largest value that is allowed, with four bytes for an element, so many may be held at once.
    private const long MostHeld = 4;

    private readonly OnnxFindings _findings = findings;
    private long _largestWeight;
    private long _weightBytes;
    private long _bytes;
    private long _inputs;
    private long _inputTexts;

    /// <summary>A weight whose data the file holds: work on it costs in proportion to the file.</summary>
    public void Weight(OnnxTensor tensor)
    {
        _largestWeight = Math.Max(_largestWeight, tensor.Elements);
        _weightBytes = FoldedValue.Plus(_weightBytes, tensor.Bytes);
    }

    /// <summary>An input of the model.</summary>
    public void Input(FoldedValue value)
    {
        _inputs = FoldedValue.Plus(_inputs, value.Volume);
        _inputTexts = FoldedValue.Plus(_inputTexts, value.Text is null ? 0 : value.Volume);
    }

    /// <summary>The most that the whole graph holds at once while it computes a request.</summary>
    /// <param name="bytes">Without constants, which the load was judged by.</param>
    /// <param name="place">The node at which it does.</param>
    public void Held(long bytes, string place)
    {
        long most = FoldedValue.Times(MostHeld, Math.Max(FoldedValue.Times(MostOfRequest, sizeof(float)), MostTextOfRequest));
        if (bytes > most)
        {
            _findings.Danger(OnnxRule.Folding, place, $"values that are needed at the same time come to more than {most} bytes of a small request");
        }
    }

    private long MostOfConstants => Math.Max(MostConstants, _largestWeight);

    private long MostByNumber => Math.Max(MostElements, _largestWeight);

    private long MostOfRequest => Math.Max(
        MostByNumber, Math.Min(MostOfAny, Math.Max(FoldedValue.Times(_inputs, MostGrowth), FoldedValue.Times(_weightBytes, ElementsForEach))));

    // Texts without a letter take memory, too.
    private long MostTextOfRequest => Math.Max(MostText, FoldedValue.Times(FoldedValue.Times(_inputTexts, TextSize.Each), MostGrowth));

    /// <summary>Looks at one node; what it makes is entered into the scope.</summary>
    public void Node(OnnxNode node, OnnxGraph scope, string place)
    {
        if (OperatorList.IsControlFlow(node.Domain, node.Operator))
        {
            Bodies(node, scope);
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
        TextRules.Check(call, _findings, place);
        FoldedValue made = rule.Find(call);

        // Once more, without the most that a request's shapes could make of it: the findings were made already.
        FoldingCall? modest = call.Constant || Array.TrueForAll(inputs, input => input is null or { Shape: not null }) ? null
            : new FoldingCall(node, Array.ConvertAll(inputs, input => input is null ? null : input with { Volume = input.Likely }), new OnnxFindings(), place) { Likely = true };
        FoldedValue? likely = modest is null ? null : rule.Find(modest);
        for (int i = 0; i < node.Outputs.Count; i++)
        {
            FoldedValue output = OutputOf(call, made, i);
            output = output with
            {
                Constant = call.Constant,
                Fixed = call.Fixed && output.Shape is not null,
                Likely = modest is null ? output.Likely : OutputOf(modest, likely!, i).Volume,
            };
            output = output with { Text = TextRules.Of(call, output) };
            if (node.Outputs[i].Length > 0)
            {
                output = scope.Enter(node.Outputs[i], output);
                Judge(node, rule.Judgement, call, output, place);
                if (!call.Constant)
                {
                    scope.Holds(node.Outputs[i], output.BytesWithRequest);
                }
            }
        }
    }

    // A rule speaks of the first output; none of the others is larger, and a few have its shape.
    private static FoldedValue OutputOf(FoldingCall call, FoldedValue made, int index) =>
        call.Each is { } each ? index < each.Length ? each[index] : made
        : index == 0 ? made
        : FoldedValue.Bounded(made.Volume, made.Type == OnnxElements.Float ? 0 : made.Type) with
        {
            Shape = call.Operator is "Dropout" or "MaxPool" || (index == 3 && call.Operator is "SkipLayerNormalization" or "SkipSimplifiedLayerNormalization") ? made.Shape : null,
        };

    private void Judge(OnnxNode node, SizeJudgement judgement, FoldingCall call, FoldedValue output, string place)
    {
        if (call.Constant)
        {
            if (output.Volume > MostOfConstants)
            {
                _findings.Danger(OnnxRule.Folding, place, $"{node.Operator} makes more than {MostOfConstants} elements from constants");
            }
            else if (output.Text is not null && node.Operator != "Constant" && output.Bytes > MostText)
            {
                _findings.Danger(OnnxRule.Folding, place, $"{node.Operator} makes more than {MostText} bytes of text from constants");
            }
            else if (node.Operator != "Constant" || call.Has("sparse_value"))
            {
                Add(output.Bytes, place);
            }

            return;
        }

        long most = judgement == SizeJudgement.ByNumber ? MostByNumber : MostOfRequest;
        if (output.Likely > most)
        {
            _findings.Danger(OnnxRule.Folding, place, $"{node.Operator} makes more than {most} elements of a small request");
        }
        else if (output.Text is { Quoted: > MostQuoted })
        {
            _findings.Danger(OnnxRule.Folding, place, $"{node.Operator} repeats the texts of a request more than {MostQuoted} times");
        }
        else if (output.Text is not null && output.Bytes > MostTextOfRequest)
        {
            _findings.Danger(OnnxRule.Folding, place, $"{node.Operator} makes more than {MostTextOfRequest} bytes of text of a small request");
        }
        else if (output.Volume > most)
        {
            _findings.Warning(OnnxRule.SizeFromData, place, $"{node.Operator} may make more than {most} elements: the shapes of what goes in depend on the request");
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

    // The runtime puts a branch in the place of an If whose condition is a constant: the result is what either branch makes, the larger of them. What
    // another body makes comes out of it once at least.
    private static void Bodies(OnnxNode node, OnnxGraph scope)
    {
        bool branches = node.Operator == "If", constant = branches && scope.Value(node.Inputs.Count > 0 ? node.Inputs[0] : "") is { Constant: true };
        for (int i = 0; i < node.Outputs.Count; i++)
        {
            FoldedValue made = FoldedValue.Unknown;
            bool any = false;
            foreach (OnnxAttribute attribute in node.Attributes.Values)
            {
                foreach (OnnxGraph body in attribute.Graphs)
                {
                    for (int output = branches ? i : 0; output < (branches ? i + 1 : body.Outputs.Length); output++)
                    {
                        FoldedValue result = body.Result(output) ?? FoldedValue.Unknown;
                        any |= result.Constant;
                        made = new()
                        {
                            Volume = Math.Max(made.Volume, result.Volume),
                            Likely = Math.Max(made.Likely, result.Likely),
                            Text = result.Text is null || made.Text is null ? result.Text ?? made.Text
                                : new TextSize(Math.Max(made.Text.Letters, result.Text.Letters), Math.Max(made.Text.Quotes, result.Text.Quotes), Math.Max(made.Text.Quoted, result.Text.Quoted)),
                        };
                    }
                }
            }

            scope.Enter(node.Outputs[i], made with { Constant = constant && any });
            scope.Holds(node.Outputs[i], made.BytesWithRequest);
        }
    }
}
