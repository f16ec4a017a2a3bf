using System.Collections.Frozen;

namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>What an operator's result is held against, where a request goes into it.</summary>
internal enum SizeJudgement
{
    /// <summary>What goes in says how much it makes, and large requests, or models, may make much.</summary>
    ByInput,

    /// <summary>A number says how much it makes, whatever goes in.</summary>
    ByNumber,
}

/// <summary>How much an operator makes.</summary>
internal sealed record SizeRule(SizeJudgement Judgement, Func<FoldingCall, FoldedValue> Find);

/// <summary>The table: every operator that may load has a line here. The README of the folder above says the same in words.</summary>
internal static class SizeRules
{
    private const SizeJudgement ByInput = SizeJudgement.ByInput, ByNumber = SizeJudgement.ByNumber;

    private static readonly FrozenDictionary<string, SizeRule> Standard = Table(
        (ByInput, ElementRules.Same,
            "Abs Acos Acosh Affine Asin Asinh Atan Atanh BatchNormalization Bernoulli BitCast BitwiseNot Cast CastLike Ceil Celu Clip Cos Cosh CumProd CumSum DequantizeLinear Dropout " +
            "DynamicQuantizeLinear Elu Erf Exp EyeLike Floor Gelu GroupNormalization HardSigmoid HardSwish Hardmax Identity ImageScaler InstanceNormalization IsInf IsNaN LRN " +
            "LayerNormalization LeakyRelu Log LogSoftmax LpNormalization MeanVarianceNormalization Mish Neg Not ParametricSoftplus QuantizeLinear RMSNormalization RandomNormalLike " +
            "RandomUniformLike Reciprocal RegexFullMatch Relu ReverseSequence RotaryEmbedding Round Scale ScaledTanh Scatter ScatterElements ScatterND Selu Shrink Sigmoid Sign " +
            "SimplifiedLayerNormalization Sin Sinh Softmax Softplus Softsign Sqrt StringNormalizer Swish Tan Tanh TensorScatter ThresholdedRelu Trilu"),
        (ByInput, ElementRules.Broadcast,
            "Add And BitShift BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or PRelu Pow StringConcat Sub Sum Where Xor"),
        (ByInput, ElementRules.Reduce,
            "ArgMax ArgMin ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare"),
        (ByInput, ElementRules.Parts,
            "Compress ConcatFromSequence Crop Det NegativeLogLikelihoodLoss Optional OptionalGetElement SequenceAt SequenceConstruct SequenceErase SequenceInsert " +
            "SoftmaxCrossEntropyLoss SplitToSequence"),
        (ByInput, PickRules.TopK, "TopK"),
        (ByInput, ElementRules.Unique, "Unique"),
        (ByInput, ElementRules.One, "OptionalHasElement SequenceLength"),
        (ByInput, _ => FoldedValue.Shaped([]), "SequenceEmpty"),
        (ByInput, EinsumRule.Find, "Einsum"),
        (ByInput, PickRules.GatherND, "GatherND"),
        (ByInput, SpatialRules.Sample, "GridSample"),
        (ByInput, LayoutRules.Reshape, "Reshape"),
        (ByInput, LayoutRules.Squeeze, "Squeeze"),
        (ByInput, LayoutRules.Unsqueeze, "Unsqueeze"),
        (ByInput, LayoutRules.Flatten, "Flatten"),
        (ByInput, LayoutRules.Transpose, "Transpose"),
        (ByInput, LayoutRules.Concat, "Concat"),
        (ByInput, LayoutRules.Split, "Split"),
        (ByInput, LayoutRules.Shape, "Shape"),
        (ByInput, LayoutRules.Size, "Size"),
        (ByInput, LayoutRules.Blocks, "DepthToSpace SpaceToDepth"),
        (ByInput, PickRules.Slice, "Slice"),
        (ByInput, PickRules.Gather, "Gather"),
        (ByInput, PickRules.GatherElements, "GatherElements"),
        (ByInput, PickRules.NonZero, "NonZero"),
        (ByInput, ProductRules.MatMul(0, 1), "MatMul MatMulInteger"),
        (ByInput, ProductRules.MatMul(0, 3), "QLinearMatMul"),
        (ByInput, ProductRules.Gemm, "Gemm"),
        (ByInput, ProductRules.Recurrent, "GRU LSTM RNN"),
        (ByInput, ProductRules.Boxes, "NonMaxSuppression"),
        (ByInput, SpatialRules.GlobalPool, "GlobalAveragePool GlobalLpPool GlobalMaxPool"),
        (ByInput, NumberRules.Constant, "Constant"),
        (ByNumber, NumberRules.ConstantOfShape, "ConstantOfShape"),
        (ByNumber, NumberRules.Expand, "Expand"),
        (ByNumber, NumberRules.Tile, "Tile"),
        (ByNumber, NumberRules.Range, "Range"),
        (ByNumber, NumberRules.OneHot, "OneHot"),
        (ByNumber, NumberRules.Window, "BlackmanWindow HammingWindow HannWindow"),
        (ByNumber, NumberRules.Random, "RandomNormal RandomUniform"),
        (ByNumber, NumberRules.Multinomial, "Multinomial"),
        (ByNumber, NumberRules.AffineGrid, "AffineGrid"),
        (ByNumber, NumberRules.CenterCropPad, "CenterCropPad"),
        (ByNumber, NumberRules.Col2Im, "Col2Im"),
        (ByNumber, NumberRules.Regions, "MaxRoiPool RoiAlign"),
        (ByNumber, NumberRules.WordGroups, "TfIdfVectorizer"),
        (ByNumber, SignalRules.Dft, "DFT"),
        (ByNumber, SignalRules.Stft, "STFT"),
        (ByNumber, SignalRules.MelWeights, "MelWeightMatrix"),
        (ByInput, SpatialRules.Conv(1), "Conv ConvInteger DeformConv"),
        (ByInput, SpatialRules.Conv(3), "QLinearConv"),
        (ByInput, SpatialRules.ConvTranspose, "ConvTranspose"),
        (ByInput, SpatialRules.Pool, "AveragePool LpPool MaxPool"),
        (ByInput, SpatialRules.MaxUnpool, "MaxUnpool"),
        (ByInput, SpatialRules.Pad, "Pad"),
        (ByInput, SpatialRules.Resize, "Resize Upsample"),

        (ByInput, TextRules.Split, "StringSplit"));

    private static readonly FrozenDictionary<string, SizeRule> Ml = Table(
        (ByInput, ElementRules.Same, "Binarizer CategoryMapper Imputer LabelEncoder Normalizer SVMRegressor Scaler"),
        (ByInput, PickRules.Features, "ArrayFeatureExtractor"),
        (ByNumber, ElementRules.Columns,
            "CastMap DictVectorizer LinearClassifier LinearRegressor OneHotEncoder SVMClassifier TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor ZipMap"),
        (ByNumber, NumberRules.Features, "FeatureVectorizer"));

    private static readonly FrozenDictionary<string, SizeRule> Training = Table((ByInput, ElementRules.Parts, "Adagrad Adam Gradient Momentum"));

    private static readonly FrozenDictionary<string, SizeRule> Microsoft = Table(
        (ByInput, ElementRules.Same,
            "BiasGelu BiasSoftmax BiasSplitGelu DequantizeLinear FastGelu Gelu GroupNorm QLinearLeakyRelu QLinearSigmoid QLinearSoftmax QuantizeLinear QuickGelu SkipGroupNorm " +
            "SkipLayerNormalization SkipSimplifiedLayerNormalization Trilu"),
        (ByInput, ElementRules.Parts, "QLinearConcat QLinearGlobalAveragePool QLinearReduceMean"),
        (ByInput, ElementRules.Unique, "Unique"),
        (ByInput, ElementRules.Broadcast, "BiasAdd MulInteger QLinearAdd QLinearMul QLinearWhere"),
        (ByInput, ProductRules.Recurrent, "DynamicQuantizeLSTM"),
        (ByInput, ProductRules.Embed, "EmbedLayerNormalization"),
        (ByInput, ProductRules.MatMul(0, 1), "DynamicQuantizeMatMul FusedMatMul FusedMatMulActivation MatMulInteger16 MatMulIntegerToFloat"),
        (ByInput, ProductRules.Gemm, "FusedGemm QGemm"),
        (ByInput, SpatialRules.Conv(1), "FusedConv NhwcConv NhwcFusedConv"),
        (ByInput, SpatialRules.Conv(3), "QLinearConv"),
        (ByInput, SpatialRules.Pool, "NhwcMaxPool QLinearAveragePool"),
        (ByInput, SpatialRules.Pad, "Pad"));

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
