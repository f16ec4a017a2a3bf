namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>How long the texts are that an operator makes: a few of them joined, or one of them repeated, take any amount of memory.</summary>
internal static class TextRules
{
    /// <summary>What a text of a request counts as: requests of one long text exist, and nothing of it may become many times that.</summary>
    public const long OfRequest = 1L << 20;

    /// <summary>Bytes that a text takes in memory beside its letters.</summary>
    public const long Each = 32;

    /// <summary>Of an attribute: one number of a request becomes such a text (LabelEncoder), and no label is that long.</summary>
    public const long LongestAttribute = 4096;

    // A number as a text.
    private const long LongestNumber = 32;

    /// <summary>The longest text of what the node makes; 0 where that holds none.</summary>
    /// <param name="type">TensorProto.DataType of what it makes; 0 where it is not known.</param>
    public static long Longest(FoldingCall call, ulong type)
    {
        if (type is not (0 or OnnxElements.Text))
        {
            return 0;
        }

        bool joined = call.Operator == "StringConcat";
        long longest = 0;
        foreach (FoldedValue? input in call.Inputs)
        {
            long letters = input is null ? 0 : joined && input is { Type: 0, Letters: 0 } ? OfRequest : input.Letters;
            longest = joined ? FoldedValue.Plus(longest, letters) : Math.Max(longest, letters);
        }

        longest = Math.Max(longest, call.LongestText);
        return call.Operator is "Cast" or "CastLike" && type == OnnxElements.Text ? Math.Max(longest, LongestNumber) : longest;
    }

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
