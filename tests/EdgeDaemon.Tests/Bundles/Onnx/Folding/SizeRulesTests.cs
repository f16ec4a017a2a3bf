using System.Runtime.InteropServices;
using EdgeDaemon.Core.Bundles.Onnx;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Tests.Native.Onnx;
using static EdgeDaemon.Tests.Bundles.Onnx.Folding.FoldingCase;

namespace EdgeDaemon.Tests.Bundles.Onnx.Folding;

/// <summary>
/// How much each operator makes, by the runtime's own word: it runs the node over small constants, and what the walk believes of the same node must be no
/// less, and not much more.
/// </summary>
[TestClass]
public sealed class SizeRulesTests
{
    // What the walk has an exact rule for.
    private static readonly FoldingCase[] Exact =
    [
        new("Relu", [Floats(3, 5)], []),
        new("Cast", [Floats(3, 5)], [I("to", 7)]),
        new("Add", [Floats(3, 1, 7), Floats(5, 1)], []),
        new("Where", [Typed(9, [3, 1], [1, 0, 1]), Floats(1, 4), Floats(2, 1, 1)], []),
        new("Equal", [Floats(3, 1), Floats(4)], []),
        new("Sum", [Floats(3, 1), Floats(1, 4), Floats(2, 1, 1)], []),
        new("ReduceSum", [Floats(3, 4, 5), Longs(-1)], [I("keepdims", 0)]),
        new("ReduceMax", [Floats(3, 4, 5)], [I("keepdims", 1)]),
        new("ReduceMean", [Floats(3, 4, 5)], [Is("axes", 0, 2)], Opset: 13),
        new("ReduceSum", [Floats(3, 4)], [I("noop_with_empty_axes", 1)]),
        new("ArgMax", [Floats(3, 4, 5)], [I("axis", 1)]),
        new("Reshape", [Floats(3, 4, 5), Longs(0, -1)], []),
        new("Reshape", [Floats(3, 4, 5), Longs(5, 2, -1, 2)], []),
        new("Squeeze", [Floats(3, 1, 5, 1), Longs(-1)], []),
        new("Squeeze", [Floats(3, 1, 5, 1)], []),
        new("Unsqueeze", [Floats(3, 5), Longs(0, -1)], []),
        new("Flatten", [Floats(3, 4, 5)], [I("axis", 2)]),
        new("Transpose", [Floats(3, 4, 5)], [Is("perm", 2, 0, 1)]),
        new("Concat", [Floats(3, 4), Floats(3, 2), Floats(3, 1)], [I("axis", -1)]),
        new("Split", [Floats(7, 4), Longs(3, 4)], [I("axis", 0)], Outputs: 2),
        new("Slice", [Floats(9, 8), Longs(1, -1), Longs(long.MaxValue, long.MinValue), Longs(0, 1), Longs(2, -3)], []),
        new("Slice", [Floats(9, 8)], [Is("starts", 2), Is("ends", -1), Is("axes", 1)], Opset: 9),
        new("Gather", [Floats(6, 8), Typed(7, [2, 2], [.. Enumerable.Repeat((byte)0, 32)])], [I("axis", 1)]),
        new("GatherElements", [Floats(6, 8), Typed(7, [2, 3], [.. Enumerable.Repeat((byte)0, 48)])], [I("axis", 1)]),
        new("MatMul", [Floats(2, 1, 3, 4), Floats(5, 4, 6)], []),
        new("MatMul", [Floats(4), Floats(5, 4, 6)], []),
        new("Gemm", [Floats(4, 3), Floats(7, 4)], [I("transA", 1), I("transB", 1)]),
        new("Conv", [Floats(1, 2, 9, 11), Floats(4, 2, 3, 3)], [Is("pads", 1, 2, 3, 0), Is("strides", 2, 1), Is("dilations", 1, 2)]),
        new("Conv", [Floats(1, 2, 9, 11), Floats(4, 2, 3, 3)], [S("auto_pad", "SAME_UPPER"), Is("strides", 2, 3)]),
        new("Conv", [Floats(1, 2, 9, 11), Floats(4, 2, 3, 3)], [S("auto_pad", "VALID")]),
        new("ConvTranspose", [Floats(1, 2, 5, 4), Floats(2, 3, 3, 3)], [Is("pads", 1, 0, 1, 1), Is("strides", 3, 2), Is("output_padding", 1, 0), I("group", 2)]),
        new("ConvTranspose", [Floats(1, 2, 5, 4), Floats(2, 3, 3, 3)], [Is("output_shape", 11, 9), Is("strides", 2, 2)]),
        new("MaxPool", [Floats(1, 2, 9, 10)], [Is("kernel_shape", 3, 2), Is("strides", 2, 3), I("ceil_mode", 1)]),
        new("AveragePool", [Floats(1, 2, 9, 10)], [Is("kernel_shape", 3, 3), Is("pads", 1, 2, 1, 0)]),
        new("GlobalAveragePool", [Floats(1, 2, 9, 10)], []),
        new("ConstantOfShape", [Longs(3, 5)], []),
        new("Expand", [Floats(3, 1), Longs(2, 1, 4)], []),
        new("Expand", [Floats(3, 4), Longs(1)], []),
        new("Tile", [Floats(3, 4), Longs(2, 5)], []),
        new("Range", [Long(3), Long(20), Long(4)], []),
        new("Range", [Long(20), Long(3), Long(-4)], []),
        new("Range", [Real(0.5f), Real(7), Real(0.1f)], []),
        new("Range", [Real(0), Real(1), Real(0.1f)], []),
        new("Pad", [Floats(3, 4), Longs(1, 2, 0, 3)], []),
        new("Pad", [Floats(3, 4), Longs(2, 3), null, Longs(1)], []),
        new("Pad", [Floats(3, 4)], [Is("pads", 1, 2, 0, 3)], Opset: 2),
        new("Pad", [Floats(3, 4), Longs(1, 2, 0, 3)], [], "com.microsoft"),
        new("Resize", [Floats(1, 1, 3, 4), null, null, Longs(1, 1, 7, 9)], []),
        new("Resize", [Floats(1, 1, 3, 4), null, Reals(1, 1, 2, 3)], []),
        new("Resize", [Floats(1, 1, 3, 4), null, Reals(3, 2)], [Is("axes", 2, 3)]),
        new("Resize", [Floats(1, 1, 3, 4), Reals(1, 1, 2, 3)], [], Opset: 10),
        new("Upsample", [Floats(1, 1, 3, 4)], [Fs("scales", 1, 1, 2, 3)], Opset: 7),
        new("Upsample", [Floats(1, 1, 3, 4), Reals(1, 1, 2, 3)], [], Opset: 9),
        new("OneHot", [Longs(1, 2, 3), Long(7), Reals(0, 1)], []),
        new("EyeLike", [Floats(3, 4)], []),
        new("HannWindow", [Long(9)], []),
        new("HammingWindow", [Long(9)], []),
        new("BlackmanWindow", [Long(9)], []),
        new("RandomNormal", [], [Is("shape", 3, 4)]),
        new("RandomUniform", [], [Is("shape", 3, 4)]),
        new("RandomNormalLike", [Floats(3, 4)], []),
        new("RandomUniformLike", [Floats(3, 4)], []),
        new("Multinomial", [Floats(3, 4)], [I("sample_size", 5)]),
        new("MaxUnpool", [Floats(1, 1, 2, 2), Typed(7, [1, 1, 2, 2], new byte[32])], [Is("kernel_shape", 2, 3), Is("strides", 2, 3)]),
        new("MaxUnpool", [Floats(1, 1, 2, 2), Typed(7, [1, 1, 2, 2], new byte[32]), Longs(1, 1, 5, 6)], [Is("kernel_shape", 2, 2)]),
        new("AffineGrid", [Floats(1, 2, 3), Longs(1, 3, 4, 5)], []),
        new("CenterCropPad", [Floats(3, 4), Longs(7, 2)], []),
        new("CenterCropPad", [Floats(3, 4), Longs(7)], [Is("axes", -1)]),
        new("MelWeightMatrix", [Long(8), Long(16), Long(8192), Real(0), Real(4000)], []),
        new("Shape", [Floats(3, 4, 5)], [I("start", 1)]),
        new("TopK", [Floats(3, 8), Longs(2)], [], Outputs: 2),
        new("GatherND", [Floats(3, 4), Typed(7, [2, 1], new byte[16])], []),
        new("GatherND", [Floats(2, 3, 4), Typed(7, [2, 5, 1], new byte[80])], [I("batch_dims", 1)]),
        new("Einsum", [Floats(3, 4), Floats(4, 5)], [S("equation", "ij,jk->ik")]),
        new("Einsum", [Floats(2, 3, 4), Floats(2, 4, 5)], [S("equation", "...ij, ...jk -> ...ik")]),
        new("Einsum", [Floats(3), Floats(4), Floats(2)], [S("equation", "b,a,c")]),
        new("Einsum", [Floats(3, 3)], [S("equation", "ii->i")]),
        new("Einsum", [Floats(3, 4), Floats(3, 5)], [S("equation", "ab,ac->bca")]),
        new("GridSample", [Floats(1, 2, 3, 4), Floats(1, 5, 6, 2)], []),
        new("QuantizeLinear", [Floats(3, 4), Real(1), Byte()], []),
        new("DequantizeLinear", [Bytes8(3, 4), Real(1), Byte()], []),
    ];

    // What is known only not to be more than this many times what it is.
    private static readonly (FoldingCase Case, long Times)[] Bounded =
    [
        (new("NonZero", [Floats(3, 8)], []), 4),
        (new("DepthToSpace", [Floats(1, 8, 2, 3)], [I("blocksize", 2)]), 1),
        (new("SpaceToDepth", [Floats(1, 2, 4, 6)], [I("blocksize", 2)]), 1),
        (new("RoiAlign", [Floats(1, 2, 5, 5), Floats(3, 4), Longs(0, 0, 0)], [I("output_height", 3), I("output_width", 2)]), 1),
        (new("MaxRoiPool", [Floats(1, 2, 5, 5), Floats(3, 5)], [Is("pooled_shape", 3, 2)]), 1),
        (new("Col2Im", [Floats(1, 4, 12), Longs(4, 5), Longs(2, 2)], []), 4),
        (new("DFT", [Floats(1, 8, 1), Long(16), Long(1)], [], Opset: 20), 16),
        (new("STFT", [Floats(1, 32, 1), Long(4), Floats(8)], []), 8),
        (new("LSTM", [Floats(3, 2, 4), Floats(1, 20, 4), Floats(1, 20, 5)], [I("hidden_size", 5)]), 1),
        (new("Compress", [Floats(8), Typed(9, [8], [1, 1, 1, 1, 0, 0, 0, 0])], []), 4),
        (new("TfIdfVectorizer", [Longs(1, 2, 3)], [S("mode", "TF"), I("min_gram_length", 1), I("max_gram_length", 1), I("max_skip_count", 0), Is("ngram_counts", 0), Is("ngram_indexes", 0, 9), Is("pool_int64s", 1, 2)]), 4),
        (new("OneHotEncoder", [Longs(1, 2)], [Is("cats_int64s", 1, 2, 3)], "ai.onnx.ml"), 1),
    ];

    [TestMethod]
    public void What_the_walk_believes_is_what_the_runtime_makes()
    {
        var faults = new List<string>();
        foreach (FoldingCase node in Exact)
        {
            Check(node, 1, faults);
        }

        foreach ((FoldingCase node, long times) in Bounded)
        {
            Check(node, times, faults);
        }

        Assert.IsEmpty(faults, string.Join('\n', faults));
    }

    [TestMethod]
    public void Every_operator_that_may_load_has_a_rule()
    {
        string[] words = Words();
        Assert.IsGreaterThan(200, words.Length);
        foreach (string domain in (string[])["", "ai.onnx.ml", "ai.onnx.preview.training", "com.microsoft"])
        {
            foreach (string word in words)
            {
                OnnxReport report = OnnxWalk.Of(new FoldingCase(word, [Floats(2)], [], domain).Asked(), controlFlow: true);
                Assert.IsFalse(report.Findings.Any(finding => finding.Detail.Contains("no rule", StringComparison.Ordinal)), $"{domain}:{word}");
            }
        }
    }

    [TestMethod]
    public void No_numbers_break_a_rule()
    {
        // Whatever an operator is given: the walk ends in findings or none, never in an exception.
        string[] words = Words();
        string[] names = ["axis", "axes", "perm", "pads", "kernel_shape", "strides", "dilations", "output_padding", "output_shape", "group", "scales", "height_scale", "width_scale", "shape", "split",
            "starts", "ends", "start", "end", "keepdims", "allowzero", "to", "dtype", "blocksize", "sample_size", "ngram_indexes", "depth", "n_targets", "targets", "class_ids", "hidden_size", "value",
            "value_ints", "value_floats", "pooled_shape", "output_height", "transA", "ceil_mode", "inputdimensions", "noop_with_empty_axes", "auto_pad", "keep_aspect_ratio_policy"];
        long[] numbers = [0, 1, 2, 3, 7, 64, 65, -1, -2, 1 << 20, 1L << 40, int.MaxValue, int.MinValue, long.MaxValue, long.MinValue];
        float[] reals = [0, 1, 2.5f, -1, 1e30f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1e-30f];
        var random = new Random(5);
        long[] Some() => [.. Enumerable.Range(0, random.Next(5)).Select(_ => numbers[random.Next(numbers.Length)])];
        byte[] Input() => random.Next(6) switch
        {
            0 => Floats([.. Enumerable.Range(0, random.Next(5)).Select(_ => (long)random.Next(4))]),
            1 => Long(numbers[random.Next(numbers.Length)]),
            2 => Reals([.. Enumerable.Range(0, random.Next(5)).Select(_ => reals[random.Next(reals.Length)])]),
            3 => Typed(1, [random.Next(2) == 0 ? 0 : 1L << 62, 0, 1L << 62], []),
            _ => Longs(Some()),
        };
        byte[] Attribute(string name) => random.Next(5) switch
        {
            0 => I(name, numbers[random.Next(numbers.Length)]),
            1 => Fs(name, [.. Enumerable.Range(0, random.Next(5)).Select(_ => reals[random.Next(reals.Length)])]),
            2 => S(name, random.Next(4) switch { 0 => "SAME_UPPER", 1 => "VALID", 2 => "not_smaller", _ => "" }),
            3 when random.Next(3) == 0 => T(name, Input()),
            _ => Is(name, Some()),
        };
        for (int round = 0; round < 60_000; round++)
        {
            var node = new FoldingCase(
                words[random.Next(words.Length)],
                [.. Enumerable.Range(0, random.Next(6)).Select(_ => random.Next(8) == 0 ? null : Input())],
                [.. names.Where(_ => random.Next(names.Length) < 3).Select(Attribute)],
                random.Next(8) switch { 0 => "com.microsoft", 1 => "ai.onnx.ml", _ => "" },
                Outputs: random.Next(1, 4));
            OnnxReport report = node.Repeated(numbers[random.Next(numbers.Length)]);
            Assert.IsFalse(report.Findings.Any(finding => finding.Rule is OnnxRule.Malformed or OnnxRule.TooMany), string.Join("; ", report.Findings));
        }
    }

    private static string[] Words() =>
        [.. System.Text.RegularExpressions.Regex.Matches(File.ReadAllText(Repository.File("src/EdgeDaemon.Core/Bundles/Onnx/OperatorList.cs")), "^ +\"([A-Za-z0-9 ]+)\"[ +),]*$", System.Text.RegularExpressions.RegexOptions.Multiline)
            .SelectMany(line => line.Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))];

    private static void Check(FoldingCase node, long times, List<string> faults)
    {
        long count;
        try
        {
            count = Count(node);
        }
        catch (OnnxException refused)
        {
            faults.Add($"{node.Operator}: the runtime refuses the case: {refused.Message}");
            return;
        }

        string what = $"{node.Operator}({string.Join(", ", node.Inputs.Select(input => input?.Length))}) makes {count}";
        if (!node.Repeated((FoldingCase.Most / count) + 1).Findings.Any(finding => finding.Rule == OnnxRule.Folding))
        {
            faults.Add($"{what}: the walk believes less");
        }

        OnnxReport within = node.Repeated(FoldingCase.Most / count / times);
        if (within.Findings.Any(finding => finding.Severity == FindingSeverity.Danger))
        {
            faults.Add($"{what}: the walk believes over {times} times that: {string.Join("; ", within.Findings)}");
        }
    }

    private static long Count(FoldingCase node)
    {
        using OnnxSession session = TestRuntime.Get().CreateSession(node.Asked(), new OnnxSessionOptions());
        using OnnxRun run = session.NewRun(TestRuntime.Pool);
        return MemoryMarshal.Cast<byte, long>(Running.Once(run, Running.Shape(1), Running.Floats(1)).Data).ToArray().Aggregate(1L, (product, size) => product * size);
    }
}
