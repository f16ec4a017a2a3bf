namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>A node as a rule sees it: its inputs as far as they are known, its attributes, and a place to complain.</summary>
/// <param name="inputs">One for each input; null for one that is not given.</param>
internal sealed class FoldingCall(OnnxNode node, FoldedValue?[] inputs, OnnxFindings findings, string place)
{
    public string Operator => node.Operator;

    public int Outputs => node.Outputs.Count;

    public IReadOnlyList<FoldedValue?> Inputs => inputs;

    /// <summary>Whether the runtime may compute the node when it loads the model; a rule may say so of one that takes what a request brings.</summary>
    public bool Constant { get; set; } = inputs.All(input => input is null or { Constant: true });

    /// <summary>Whether no request has a say in the shape that the rule found: what asks for that shape then gets a constant.</summary>
    public bool Fixed { get; private set; } = inputs.All(input => input is null or { Fixed: true } or { Constant: true });

    /// <summary>
    /// Asks for less than the upper bound: what a request arranges in a way that is not known is taken to make no more than went in (<see cref="FoldedValue.Likely"/>).
    /// </summary>
    public bool Likely { get; init; }

    /// <summary>Bytes of the longest text among the attributes, in tensors too.</summary>
    public long LongestText { get; } = LongestOf(node);

    /// <summary>What a rule found for each output, where they differ.</summary>
    public FoldedValue[]? Each { get; set; }

    /// <summary>The first input; one of which nothing is known where it is not given.</summary>
    public FoldedValue Data => At(0) ?? FoldedValue.Unknown;

    public bool Has(string attribute) => node.Attributes.ContainsKey(attribute);

    public FoldedValue? At(int index) => index >= 0 && index < inputs.Length ? inputs[index] : null;

    public long[]? Shape(int index) => At(index)?.Shape;

    public OnnxAttribute? Attribute(string name) => node.Attributes.GetValueOrDefault(name);

    public long Integer(string name, long otherwise) => node.Attributes.GetValueOrDefault(name)?.Values is [long value, ..] ? value : otherwise;

    public double Real(string name, double otherwise) => node.Attributes.GetValueOrDefault(name)?.Reals is [double value, ..] ? value : otherwise;

    /// <summary>
    /// The integers of an attribute; empty when it is not there. More than are kept stand in no model: a danger, since what follows is judged without them.
    /// </summary>
    public long[] Integers(string name)
    {
        if (node.Attributes.GetValueOrDefault(name) is not { } attribute)
        {
            return [];
        }

        if (attribute.Values is null && attribute.Count > OnnxAttribute.MostValues)
        {
            findings.Danger(OnnxRule.Folding, place, $"attribute '{Printable.Of(name)}' of {node.Operator} has {attribute.Count} numbers; {OnnxAttribute.MostValues} are followed");
        }

        return attribute.Values ?? [];
    }

    /// <summary>The integers of an input that arranges what is there and makes no more of it; null when they are not known.</summary>
    public long[]? Numbers(int index)
    {
        Fixed &= At(index) is null or { Constant: true };
        return At(index)?.Integers;
    }

    /// <summary>
    /// The integers of an input that says how much the node makes. Null when they are not known: a danger where they are constant, for the
    /// runtime will know them, and worth a warning where a request brings them.
    /// </summary>
    public long[]? Sizes(int index)
    {
        if (At(index) is not { } input)
        {
            return null;
        }

        if (input.Integers is null || !input.Constant)
        {
            Blame(input);
        }

        return input.Integers;
    }

    /// <summary>As <see cref="Sizes"/>, for scales and for bounds that may be integers or reals.</summary>
    public double[]? Scales(int index)
    {
        if (At(index) is not { } input)
        {
            return null;
        }

        double[]? values = input.Reals ?? input.Integers?.Select(value => (double)value).ToArray();
        if (values is null || !input.Constant)
        {
            Blame(input);
        }

        return values;
    }

    /// <summary>A size that is made of constants in a way that is not followed.</summary>
    public FoldedValue Refuse(string why)
    {
        findings.Danger(OnnxRule.Folding, place, why);
        return FoldedValue.Unknown;
    }

    /// <summary>How much it makes is up to the request.</summary>
    public void Depends()
    {
        Fixed = false;
        findings.Warning(OnnxRule.SizeFromData, place, $"the size of {node.Operator} depends on the request");
    }

    private static long LongestOf(OnnxNode node)
    {
        long longest = 0;
        foreach (OnnxAttribute attribute in node.Attributes.Values)
        {
            longest = Math.Max(longest, Math.Max(attribute.LongestText, attribute.Tensor?.LongestText ?? 0));
        }

        return longest;
    }

    private void Blame(FoldedValue input)
    {
        Fixed &= input.Constant;
        if (input.Constant)
        {
            Refuse($"the size of {node.Operator} is computed from constants in a way that is not followed");
        }
        else
        {
            Depends();
        }
    }
}
