using System.Collections.Frozen;

namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>
/// The operators that may load, by domain (README beside this file). Derived from the operator list of ONNX and, for com.microsoft, from what
/// exporters and quantisers write.
/// </summary>
internal static class OperatorList
{
    public const string Standard = "";
    public const string Ml = "ai.onnx.ml";
    public const string Training = "ai.onnx.preview.training";
    public const string Microsoft = "com.microsoft";

    private static readonly FrozenDictionary<string, FrozenSet<string>> Allowed = new Dictionary<string, FrozenSet<string>>
    {
        [Standard] = Words(
        "Abs Acos Acosh Add Affine AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization Bernoulli BitCast BitShift " +
        "BitwiseAnd BitwiseNot BitwiseOr BitwiseXor BlackmanWindow Cast CastLike Ceil Celu CenterCropPad Clip Col2Im Compress Concat " +
        "ConcatFromSequence Constant ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh Crop CumProd CumSum DFT DeformConv DepthToSpace " +
        "DequantizeLinear Det Div Dropout DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather GatherElements " +
        "GatherND Gelu Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization HammingWindow HannWindow " +
        "HardSigmoid HardSwish Hardmax Identity If ImageScaler InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less " +
        "LessOrEqual Log LogSoftmax Loop LpNormalization LpPool MatMul MatMulInteger Max MaxPool MaxRoiPool MaxUnpool Mean MeanVarianceNormalization " +
        "MelWeightMatrix Min Mish Mod Mul Multinomial Neg NegativeLogLikelihoodLoss NonMaxSuppression NonZero Not OneHot Optional OptionalGetElement " +
        "OptionalHasElement Or PRelu Pad ParametricSoftplus Pow QLinearConv QLinearMatMul QuantizeLinear RMSNormalization RNN RandomNormal " +
        "RandomNormalLike RandomUniform RandomUniformLike Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean " +
        "ReduceMin ReduceProd ReduceSum ReduceSumSquare RegexFullMatch Relu Reshape Resize ReverseSequence RoiAlign RotaryEmbedding Round STFT Scale " +
        "ScaledTanh Scan Scatter ScatterElements ScatterND Selu SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength " +
        "SequenceMap Shape Shrink Sigmoid Sign SimplifiedLayerNormalization Sin Sinh Size Slice Softmax SoftmaxCrossEntropyLoss Softplus Softsign " +
        "SpaceToDepth Split SplitToSequence Sqrt Squeeze StringConcat StringNormalizer StringSplit Sub Sum Swish Tan Tanh TensorScatter " +
        "TfIdfVectorizer ThresholdedRelu Tile TopK Transpose Trilu Unique Unsqueeze Upsample Where Xor"),
        [Ml] = Words(
        "ArrayFeatureExtractor Binarizer CastMap CategoryMapper DictVectorizer FeatureVectorizer Imputer LabelEncoder LinearClassifier LinearRegressor " +
        "Normalizer OneHotEncoder SVMClassifier SVMRegressor Scaler TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor ZipMap"),
        [Training] = Words("Adagrad Adam Gradient Momentum"),
        [Microsoft] = Words(
        "BiasAdd BiasGelu BiasSoftmax BiasSplitGelu DequantizeLinear DynamicQuantizeLSTM DynamicQuantizeMatMul EmbedLayerNormalization FastGelu " +
        "FusedConv FusedGemm FusedMatMul FusedMatMulActivation Gelu GroupNorm MatMulInteger16 MatMulIntegerToFloat MulInteger NhwcConv NhwcFusedConv " +
        "NhwcMaxPool Pad QGemm QLinearAdd QLinearAveragePool QLinearConcat QLinearConv QLinearGlobalAveragePool QLinearLeakyRelu QLinearMul " +
        "QLinearReduceMean QLinearSigmoid QLinearSoftmax QLinearWhere QuantizeLinear QuickGelu SkipGroupNorm SkipLayerNormalization " +
        "SkipSimplifiedLayerNormalization Trilu Unique"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The standard domain has two spellings.</summary>
    public static string Normal(string domain) => domain == "ai.onnx" ? Standard : domain;

    public static bool HasDomain(string domain) => Allowed.ContainsKey(domain);

    public static bool Has(string domain, string name) => Allowed.TryGetValue(domain, out FrozenSet<string>? names) && names.Contains(name);

    /// <summary>Operators that hold graphs and run them, once or often.</summary>
    public static bool IsControlFlow(string domain, string name) => domain == Standard && name is ("If" or "Loop" or "Scan" or "SequenceMap");

    /// <summary>Every operator that may load.</summary>
    public static IEnumerable<(string Domain, string Name)> All => Allowed.SelectMany(domain => domain.Value.Select(name => (domain.Key, name)));

    /// <summary>The highest opset of a domain that was looked at.</summary>
    public static long NewestOpset(string domain) => domain switch
    {
        Standard => 25,
        Ml => 6,
        _ => 1,
    };

    private static FrozenSet<string> Words(string names) => names.Split(' ').ToFrozenSet(StringComparer.Ordinal);
}
