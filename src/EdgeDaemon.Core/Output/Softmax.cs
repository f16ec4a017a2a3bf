namespace EdgeDaemon.Core.Output;

/// <summary>Logits -> probabilities.</summary>
public static class Softmax
{
    /// <summary>
    /// exp(x - max) / sum in double precision. False, and nothing written, for no logits or one that is NaN or infinite: a
    /// probability made of those would look like an answer.
    /// </summary>
    public static bool TryApply(ReadOnlySpan<float> logits, Span<double> probabilities)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(probabilities.Length, logits.Length);
        double max = double.NegativeInfinity;
        foreach (float logit in logits)
        {
            if (!float.IsFinite(logit))
            {
                return false;
            }

            max = Math.Max(max, logit);
        }

        double sum = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            // Never above 1: large logits cannot overflow.
            probabilities[i] = Math.Exp(logits[i] - max);
            sum += probabilities[i];
        }

        for (int i = 0; i < logits.Length; i++)
        {
            probabilities[i] /= sum;
        }

        return logits.Length > 0;
    }
}
