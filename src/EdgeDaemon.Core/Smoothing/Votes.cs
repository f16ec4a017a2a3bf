using System.Numerics;

namespace EdgeDaemon.Core.Smoothing;

/// <summary>
/// Votes over one row: the elements of the last axis, one for each class. Sums are formed in double precision, in the order of the calls, so
/// that the same members in the same order give the same bits, whoever ran them.
/// </summary>
public static class Votes
{
    /// <summary>What <see cref="Choice(ReadOnlySpan{float})"/> gives for a row that chooses nothing.</summary>
    public const int None = -1;

    /// <summary>
    /// The index of the largest element, the lowest of several. <see cref="None"/> for an empty row, and for one with a NaN or whose largest
    /// element is infinite: such a row is no opinion, and must not pass as one for class 0.
    /// </summary>
    public static int Choice(ReadOnlySpan<float> row)
    {
        int best = None;
        float most = float.NegativeInfinity;
        for (int i = 0; i < row.Length; i++)
        {
            float value = row[i];
            if (float.IsNaN(value))
            {
                return None;
            }

            if (value > most)
            {
                most = value;
                best = i;
            }
        }

        return float.IsPositiveInfinity(most) ? None : best;
    }

    /// <summary>What an answer of members chooses. Where a majority is asked for and nobody had an opinion all shares are 0, which is no class either, and above all not the first.</summary>
    /// <param name="rule">By which the answer came about.</param>
    /// <param name="answer">Of <see cref="End"/>, or a single member's row with <see cref="VoteRule.Mean"/>.</param>
    public static int Choice(VoteRule rule, ReadOnlySpan<float> answer) =>
        Choice(answer) is >= 0 and var choice && (rule != VoteRule.Majority || answer[choice] > 0) ? choice : None;

    /// <summary>Adds a member's row to the sums of as many classes.</summary>
    public static void Add(VoteRule rule, ReadOnlySpan<float> row, double weight, Span<double> sums)
    {
        switch (rule)
        {
            case VoteRule.Mean:
                AddWeighted(row, weight, sums);
                break;
            case VoteRule.Probabilities:
                AddProbabilities(row, weight, sums);
                break;
            default:
                // Who has no opinion gives its weight to nobody: the shares then add up to less than 1.
                if (Choice(row) is var choice && choice != None)
                {
                    sums[choice] += weight;
                }

                break;
        }
    }

    /// <summary>Sums -> the answer's row.</summary>
    /// <param name="sums">Of all members that take part.</param>
    /// <param name="weights">Of those members together.</param>
    /// <param name="answer">As many elements.</param>
    public static void End(ReadOnlySpan<double> sums, double weights, Span<float> answer)
    {
        for (int i = 0; i < answer.Length; i++)
        {
            answer[i] = (float)(sums[i] / weights);
        }
    }

    /// <summary>Shannon's entropy in nats of what adds up to 1: 0 when all is on one class, ln(classes) when it is even. NaN where there is one.</summary>
    public static double Entropy(ReadOnlySpan<double> sums, double weights)
    {
        double entropy = 0;
        foreach (double sum in sums)
        {
            double share = sum / weights;
            if (share != 0)
            {
                entropy -= share * Math.Log(share);
            }
        }

        return Math.Max(entropy, 0) + 0.0; // Rounding may leave a certain answer a hair below 0.
    }

    /// <summary>Adds the softmax of a row. A row without an opinion makes the sums NaN, as it makes a mean of logits: nobody takes that for an answer.</summary>
    public static void AddProbabilities(ReadOnlySpan<float> row, double weight, Span<double> sums)
    {
        int best = Choice(row);
        if (best == None)
        {
            sums[..row.Length].Fill(double.NaN);
            return;
        }

        // Never above 1: large logits cannot overflow.
        double most = row[best];
        double total = 0;
        foreach (float value in row)
        {
            total += Math.Exp(value - most);
        }

        for (int i = 0; i < row.Length; i++)
        {
            sums[i] += weight * (Math.Exp(row[i] - most) / total);
        }
    }

    // One multiplication and one addition for each element, whatever the width: the same bits on every processor.
    private static void AddWeighted(ReadOnlySpan<float> row, double weight, Span<double> sums)
    {
        int i = 0;
        var factor = new Vector<double>(weight);
        for (; i <= row.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(new Vector<float>(row[i..]), out Vector<double> low, out Vector<double> high);
            Span<double> into = sums[i..];
            (new Vector<double>(into) + (factor * low)).CopyTo(into);
            into = into[Vector<double>.Count..];
            (new Vector<double>(into) + (factor * high)).CopyTo(into);
        }

        for (; i < row.Length; i++)
        {
            sums[i] += weight * row[i];
        }
    }
}
