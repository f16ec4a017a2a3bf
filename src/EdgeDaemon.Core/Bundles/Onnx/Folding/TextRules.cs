namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>How long the texts are that an operator makes: a few of them joined, or one of them repeated, take any amount of memory.</summary>
internal static class TextRules
{
    /// <summary>Of an attribute: one number of a request becomes such a text (LabelEncoder), and no label is that long.</summary>
    public const long LongestAttribute = 4096;

    // A number as a text.
    private const long LongestNumber = 32;

    /// <summary>The texts that the node makes; null where it makes none.</summary>
    /// <param name="made">What it makes, but for its texts.</param>
    public static TextSize? Of(FoldingCall call, FoldedValue made)
    {
        if (made.Type is not (0 or OnnxElements.Text))
        {
            return null;
        }

        bool joined = call.Operator == "StringConcat", even = true, any = made.Type == OnnxElements.Text || joined;
        long letters = 0, quotes = 0, quoted = 0;
        foreach (FoldedValue? input in call.Inputs)
        {
            TextSize? text = input?.Text ?? (joined && input?.Type == 0 ? TextSize.Brought : null);
            any |= text is not null;
            letters = joined ? FoldedValue.Plus(letters, text?.Letters ?? 0) : Math.Max(letters, text?.Letters ?? 0);
            quotes = joined ? FoldedValue.Plus(quotes, text?.Quotes ?? 0) : Math.Max(quotes, text?.Quotes ?? 0);
            quoted = FoldedValue.Plus(quoted, text?.Quoted ?? 0);
            even &= text is null || input!.Likely == made.Likely;
        }

        // Of an operator whose result's type is not known only these turn what they are told into labels.
        if (made.Type == OnnxElements.Text || call.Operator is "LabelEncoder" or "CategoryMapper" or "ZipMap" || call.Operator.EndsWith("Classifier", StringComparison.Ordinal))
        {
            letters = Math.Max(letters, call.LongestText);
        }

        if (call.Operator is "Cast" or "CastLike" && made.Type == OnnxElements.Text)
        {
            letters = Math.Max(letters, LongestNumber);
        }

        long everywhere = FoldedValue.Times(made.Likely, quotes);
        return any || letters > 0 ? new TextSize(letters, quotes, IsKept(call, even) ? Math.Min(quoted, everywhere) : everywhere) : null;
    }

    // Operators that use each element of an input once at most.
    private static bool IsKept(FoldingCall call, bool even) => call.Operator switch
    {
        "Identity" or "StringNormalizer" or "Reshape" or "Squeeze" or "Unsqueeze" or "Flatten" or "Transpose" or "Slice" or "Split" or "Concat" or "Compress" or "ReverseSequence" or "Unique" or
        "StringSplit" or "ScatterElements" or "ScatterND" or "Scatter" or "SequenceConstruct" or "SequenceInsert" or "SequenceErase" or "SequenceAt" or "ConcatFromSequence" or "SplitToSequence" or
        "Optional" or "OptionalGetElement" or "Cast" => true,
        "StringConcat" or "Where" => even,
        "Gather" or "ArrayFeatureExtractor" => call.At(1) is { Volume: 1 },
        _ => false,
    };

    /// <summary>
    /// Texts of attributes are small; those of constants are weights, whatever they are made of, and are followed as such.
    /// </summary>
    public static void Check(FoldingCall call, OnnxFindings findings, string place)
    {
        if (call.Operator is not ("Constant" or "ConstantOfShape") && call.LongestText > LongestAttribute)
        {
            findings.Danger(OnnxRule.Text, place, $"{call.Operator} has a text of {call.LongestText} bytes among its attributes; {LongestAttribute} are the most");
        }
    }

    /// <summary>Pieces of each text: as many as a request likes.</summary>
    public static FoldedValue Split(FoldingCall call)
    {
        if (call.Constant)
        {
            return call.Refuse("StringSplit of a constant, whose pieces are not followed");
        }

        call.Depends();
        call.Each = [FoldedValue.Bounded(call.Data.Volume, OnnxElements.Text), FoldedValue.Bounded(call.Data.Volume, OnnxElements.Int64)];
        return call.Each[0];
    }
}
