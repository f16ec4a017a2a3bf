namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>Products of matrices, and networks that walk along a sequence: exact where the shapes are known, else the product of all inputs.</summary>
internal static class ProductRules
{
    /// <param name="left">The input that is the left matrix.</param>
    /// <param name="right">The input that is the right one.</param>
    public static Func<FoldingCall, FoldedValue> MatMul(int left, int right) => call =>
    {
        bool plain = call.Integer("transBatchA", 0) == 0 && call.Integer("transBatchB", 0) == 0;
        if (!plain || Turned(call, left, "transA") is not { Length: > 0 } a || Turned(call, right, "transB") is not { Length: > 0 } b)
        {
            return ElementRules.Combinations(call);
        }

        long[] rows = a.Length > 1 ? [a[^2]] : [], columns = b.Length > 1 ? [b[^1]] : [];
        long[]? batch = ElementRules.Stretch(a.Length > 2 ? a[..^2] : [], b.Length > 2 ? b[..^2] : []);
        return batch is null ? ElementRules.Combinations(call) : FoldedValue.Shaped([.. batch, .. rows, .. columns], TypeOf(call));
    };

    public static FoldedValue Gemm(FoldingCall call) =>
        call.Shape(0) is [long a0, long a1] && call.Shape(call.Operator == "QGemm" ? 3 : 1) is [long b0, long b1]
            ? FoldedValue.Shaped([call.Integer("transA", 0) != 0 ? a1 : a0, call.Integer("transB", 0) != 0 ? b0 : b1], call.Data.Type)
            : ElementRules.Combinations(call);

    /// <summary>RNN, GRU, LSTM: a hidden state for each step, direction and row; and the last of them.</summary>
    public static FoldedValue Recurrent(FoldingCall call)
    {
        // The quantised kind holds its weights turned round.
        bool turned = call.Operator == "DynamicQuantizeLSTM";
        if (call.Shape(0) is not [long steps, long rows, _] || call.Shape(2) is not [long directions, long second, long third])
        {
            return ElementRules.Combinations(call);
        }

        long hidden = turned ? second : third;
        if (call.Integer("layout", 0) != 0)
        {
            return FoldedValue.Bounded(FoldedValue.VolumeOf([steps, directions, rows, hidden]), call.Data.Type);
        }

        var all = FoldedValue.Shaped([steps, directions, rows, hidden], call.Data.Type);
        var last = FoldedValue.Shaped([directions, rows, hidden], call.Data.Type);
        call.Each = [all, last, last];
        return all;
    }

    /// <summary>A row of the table of words for each word of the request.</summary>
    public static FoldedValue Embed(FoldingCall call) => call.Shape(0) is { } words && call.Shape(2) is [_, long width]
        ? FoldedValue.Shaped([.. words, width], call.At(2)!.Type)
        : ElementRules.Combinations(call);

    public static FoldedValue Boxes(FoldingCall call) => FoldedValue.Bounded(FoldedValue.Times(call.At(1)?.Volume ?? 1, 3), OnnxElements.Int64);

    // The fused kinds turn the last two dimensions of a matrix round.
    private static long[]? Turned(FoldingCall call, int index, string attribute) =>
        call.Shape(index) is not { } shape ? null
        : call.Integer(attribute, 0) != 0 && shape.Length > 1 ? [.. shape[..^2], shape[^1], shape[^2]]
        : shape;

    private static ulong TypeOf(FoldingCall call) => call.Operator switch
    {
        "MatMul" or "FusedMatMul" => call.Data.Type,
        _ => OnnxElements.Float,
    };
}
