using System.Collections.Immutable;
using System.Runtime.InteropServices;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Core.Output;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Ctl.Answers;

/// <summary>One class of an answer: its number, its label when the model has labels, its share.</summary>
internal sealed record RankedClass(int Index, string? Label, double Confidence);

/// <summary>A classifier's output for one picture -> its classes, best first.</summary>
internal static class Ranking
{
    /// <param name="output">FP32, all dimensions but one are 1.</param>
    /// <param name="labels">In the order of the classes; empty for none.</param>
    /// <param name="count">How many classes at most.</param>
    public static ImmutableArray<RankedClass> Of(OutputTensor output, ImmutableArray<string> labels, int count)
    {
        if (output.Type != ElementType.Float32 || output.Bytes.IsEmpty || output.Shape.Count(d => d != 1) > 1)
        {
            throw new CtlException(
                $"output '{output.Name}' is {output.Type.WireName()} of shape [{string.Join(',', output.Shape)}], not one row of FP32 class scores; "
                + "choose another with --output, or ask with --json-file");
        }

        ReadOnlySpan<float> scores = MemoryMarshal.Cast<byte, float>(output.Bytes.Span);
        if (labels.Length > 0 && labels.Length != scores.Length)
        {
            throw new CtlException($"output '{output.Name}' has {scores.Length} classes, but the model declares {labels.Length} labels; choose another with --output");
        }

        var confidence = new double[scores.Length];
        if (AreShares(scores))
        {
            for (int i = 0; i < scores.Length; i++)
            {
                confidence[i] = scores[i];
            }
        }
        else if (!Softmax.TryApply(scores, confidence))
        {
            throw new CtlException($"output '{output.Name}' holds a value that is not a number; this answer is worth nothing");
        }

        return
        [
            .. Enumerable.Range(0, scores.Length)
                .OrderByDescending(i => confidence[i])
                .ThenBy(i => i)
                .Take(count)
                .Select(i => new RankedClass(i, labels.IsEmpty ? null : labels[i], confidence[i])),
        ];
    }

    /// <summary>True for a model that ends in a softmax of its own: a second one would make every answer look undecided.</summary>
    private static bool AreShares(ReadOnlySpan<float> scores)
    {
        double sum = 0;
        foreach (float score in scores)
        {
            if (score is not (>= 0 and <= 1))
            {
                return false;
            }

            sum += score;
        }

        return Math.Abs(sum - 1) <= 1e-3;
    }
}
