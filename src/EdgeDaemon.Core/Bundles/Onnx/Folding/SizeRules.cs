using System.Collections.Frozen;

namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>When an operator's result is held against the bounds.</summary>
internal enum SizeJudgement
{
    /// <summary>When the runtime may compute it at load. Otherwise it makes as much as a request brings, in proportion.</summary>
    AtLoad,

    /// <summary>Always: a number says how much it makes, whatever goes in.</summary>
    Always,

    /// <summary>Always, but large pictures are large: only what is far more than went in, or beyond any picture.</summary>
    Growth,
}

/// <summary>How much an operator makes.</summary>
internal sealed record SizeRule(SizeJudgement Judgement, Func<FoldingCall, FoldedValue> Find);

/// <summary>The table: every operator that may load has a line here. The README of the folder above says the same in words.</summary>
internal static class SizeRules
{
    private const SizeJudgement AtLoad = SizeJudgement.AtLoad, Always = SizeJudgement.Always, Growth = SizeJudgement.Growth;

    private static readonly FrozenDictionary<string, SizeRule> Standard = Table(
        (AtLoad, ElementRules.Same,
            "Abs Acos Acosh Affine Asin Asinh Atan Atanh BatchNormalization Bernoulli BitCast BitwiseNot Cast CastLike Ceil Celu Clip Cos Cosh CumProd CumSum DequantizeLinear Dropout " +
            "DynamicQuantizeLinear Elu Erf Exp EyeLike Floor Gelu GroupNormalization HardSigmoid HardSwish Hardmax Identity ImageScaler InstanceNormalization IsInf IsNaN LRN " +
            "LayerNormalization LeakyRelu Log LogSoftmax LpNormalization MeanVarianceNormalization Mish Neg Not ParametricSoftplus QuantizeLinear RMSNormalization RandomNormalLike " +
            "RandomUniformLike Reciprocal RegexFullMatch Relu ReverseSequence RotaryEmbedding Round Scale ScaledTanh Scatter ScatterElements ScatterND Selu Shrink Sigmoid Sign " +
            "SimplifiedLayerNormalization Sin Sinh Softmax Softplus Softsign Sqrt StringNormalizer Swish Tan Tanh TensorScatter ThresholdedRelu Trilu"),
        (AtLoad, ElementRules.Broadcast,
            "Add And BitShift BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or PRelu Pow StringConcat Sub Sum Where Xor"),
        (AtLoad, ElementRules.Reduce,
            "ArgMax ArgMin ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare"),
        (AtLoad, ElementRules.Parts,
            "Compress ConcatFromSequence Crop Det NegativeLogLikelihoodLoss Optional OptionalGetElement SequenceAt SequenceConstruct SequenceErase SequenceInsert " +
            "SoftmaxCrossEntropyLoss SplitToSequence"),
        (AtLoad, ElementRules.Positions, "TopK Unique"),
        (AtLoad, ElementRules.One, "OptionalHasElement SequenceEmpty SequenceLength"),
        (AtLoad, ElementRules.Combinations, "DeformConv Einsum GatherND GridSample"),
        (AtLoad, LayoutRules.Reshape, "Reshape"),
        (AtLoad, LayoutRules.Squeeze, "Squeeze"),
        (AtLoad, LayoutRules.Unsqueeze, "Unsqueeze"),
        (AtLoad, LayoutRules.Flatten, "Flatten"),
        (AtLoad, LayoutRules.Transpose, "Transpose"),
        (AtLoad, LayoutRules.Concat, "Concat"),
        (AtLoad, LayoutRules.Split, "Split"),
        (AtLoad, LayoutRules.Shape, "Shape"),
        (AtLoad, LayoutRules.Size, "Size"),
        (AtLoad, LayoutRules.Blocks, "DepthToSpace SpaceToDepth"),
        (AtLoad, PickRules.Slice, "Slice"),
        (AtLoad, PickRules.Gather, "Gather"),
        (AtLoad, PickRules.GatherElements, "GatherElements"),
        (AtLoad, PickRules.NonZero, "NonZero"),
        (AtLoad, ProductRules.MatMul(0, 1), "MatMul MatMulInteger"),
        (AtLoad, ProductRules.MatMul(0, 3), "QLinearMatMul"),
        (AtLoad, ProductRules.Gemm, "Gemm"),
        (AtLoad, ProductRules.Recurrent, "GRU LSTM RNN"),
        (AtLoad, ProductRules.Boxes, "NonMaxSuppression"),
        (AtLoad, SpatialRules.GlobalPool, "GlobalAveragePool GlobalLpPool GlobalMaxPool"),
        (AtLoad, NumberRules.Constant, "Constant"),
        (Always, NumberRules.ConstantOfShape, "ConstantOfShape"),
        (Always, NumberRules.Expand, "Expand"),
        (Always, NumberRules.Tile, "Tile"),
        (Always, NumberRules.Range, "Range"),
        (Always, NumberRules.OneHot, "OneHot"),
        (Always, NumberRules.Window, "BlackmanWindow HammingWindow HannWindow"),
        (Always, NumberRules.Random, "RandomNormal RandomUniform"),
        (Always, NumberRules.Multinomial, "Multinomial"),
        (Always, NumberRules.AffineGrid, "AffineGrid"),
        (Always, NumberRules.CenterCropPad, "CenterCropPad"),
        (Always, NumberRules.Col2Im, "Col2Im"),
        (Always, NumberRules.Regions, "MaxRoiPool RoiAlign"),
        (Always, NumberRules.WordGroups, "TfIdfVectorizer"),
        (Always, SignalRules.Dft, "DFT"),
        (Always, SignalRules.Stft, "STFT"),
        (Always, SignalRules.MelWeights, "MelWeightMatrix"),
        (Growth, SpatialRules.Conv(1), "Conv ConvInteger"),
        (Growth, SpatialRules.Conv(3), "QLinearConv"),
        (Growth, SpatialRules.ConvTranspose, "ConvTranspose"),
        (Growth, SpatialRules.Pool, "AveragePool LpPool MaxPool"),
        (Growth, SpatialRules.MaxUnpool, "MaxUnpool"),
        (Growth, SpatialRules.Pad, "Pad"),
        (Growth, SpatialRules.Resize, "Resize Upsample"),

        // Pieces of a text may be many more than its elements, and its bytes are not followed.
        (AtLoad, call => call.Constant ? call.Refuse("StringSplit of a constant, whose pieces are not followed") : FoldedValue.Unknown, "StringSplit"),

        // Control flow is no constant; what its bodies make is judged where they stand (OnnxFolding).
        (AtLoad, _ => FoldedValue.Unknown, "If Loop Scan SequenceMap"));

    private static readonly FrozenDictionary<string, SizeRule> Ml = Table(
        (AtLoad, ElementRules.Same, "Binarizer CategoryMapper Imputer LabelEncoder Normalizer SVMRegressor Scaler"),
        (AtLoad, ElementRules.Combinations, "ArrayFeatureExtractor"),
        (Always, ElementRules.Columns,
            "CastMap DictVectorizer LinearClassifier LinearRegressor OneHotEncoder SVMClassifier TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor ZipMap"),
        (Always, NumberRules.Features, "FeatureVectorizer"));

    private static readonly FrozenDictionary<string, SizeRule> Training = Table((AtLoad, ElementRules.Parts, "Adagrad Adam Gradient Momentum"));

    private static readonly FrozenDictionary<string, SizeRule> Microsoft = Table(
        (AtLoad, ElementRules.Same,
            "BiasGelu BiasSoftmax BiasSplitGelu DequantizeLinear FastGelu Gelu GroupNorm QLinearLeakyRelu QLinearSigmoid QLinearSoftmax QuantizeLinear QuickGelu SkipGroupNorm " +
            "SkipLayerNormalization SkipSimplifiedLayerNormalization Trilu"),
        (AtLoad, ElementRules.Parts, "QLinearConcat QLinearGlobalAveragePool QLinearReduceMean"),
        (AtLoad, ElementRules.Positions, "Unique"),
        (AtLoad, ElementRules.Combinations, "BiasAdd DynamicQuantizeLSTM EmbedLayerNormalization FusedMatMulActivation MulInteger QLinearAdd QLinearMul QLinearWhere"),
        (AtLoad, ProductRules.MatMul(0, 1), "DynamicQuantizeMatMul FusedMatMul MatMulInteger16 MatMulIntegerToFloat"),
        (AtLoad, ProductRules.Gemm, "FusedGemm QGemm"),
        (Growth, SpatialRules.Conv(1), "FusedConv NhwcConv NhwcFusedConv"),
        (Growth, SpatialRules.Conv(3), "QLinearConv"),
        (Growth, SpatialRules.Pool, "NhwcMaxPool QLinearAveragePool"),
        (Growth, SpatialRules.Pad, "Pad"));

    /// <summary>Null for an operator that may not load anyway.</summary>
    public static SizeRule? Of(string domain, string name) =>
        (domain switch
        {
            OperatorList.Standard => Standard,
            OperatorList.Ml => Ml,
            OperatorList.Training => Training,
            OperatorList.Microsoft => Microsoft,
            _ => null,
        })?.GetValueOrDefault(name);

    private static FrozenDictionary<string, SizeRule> Table(params (SizeJudgement Judgement, Func<FoldingCall, FoldedValue> Find, string Names)[] lines) =>
        lines.SelectMany(line => line.Names.Split(' ').Select(name => KeyValuePair.Create(name, new SizeRule(line.Judgement, line.Find)))).ToFrozenDictionary(StringComparer.Ordinal);
}
