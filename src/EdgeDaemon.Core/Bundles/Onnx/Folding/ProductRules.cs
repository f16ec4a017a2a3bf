namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>Products of matrices, and networks that walk along a sequence: exact where the shapes are known, else the product of all inputs.</summary>
internal static class ProductRules
{
    /// <param name="left">The input that is the left matrix.</param>
    /// <param name="right">The input that is the right one.</param>
    public static Func<FoldingCall, FoldedValue> MatMul(int left, int right) => call =>
    {
        bool plain = call.Integer("transA", 0) == 0 && call.Integer("transB", 0) == 0 && call.Integer("transBatchA", 0) == 0 && call.Integer("transBatchB", 0) == 0;
        if (!plain || call.Shape(left) is not { Length: > 0 } a || call.Shape(right) is not { Length: > 0 } b)
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

    /// <summary>RNN, GRU, LSTM: a hidden state for each step, direction and row.</summary>
    public static FoldedValue Recurrent(FoldingCall call) =>
        call.Shape(0) is [long steps, long rows, _] && call.Shape(2) is [long directions, _, long hidden]
            ? FoldedValue.Bounded(FoldedValue.VolumeOf([steps, directions, rows, hidden]), call.Data.Type)
            : ElementRules.Combinations(call);

    public static FoldedValue Boxes(FoldingCall call) => FoldedValue.Bounded(FoldedValue.Times(call.At(1)?.Volume ?? 1, 3), OnnxElements.Int64);

    private static ulong TypeOf(FoldingCall call) => call.Operator switch
    {
        "MatMul" or "FusedMatMul" => call.Data.Type,
        _ => OnnxElements.Float,
    };
}
