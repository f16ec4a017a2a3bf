using System.Collections.Immutable;

namespace EdgeDaemon.Core.Smoothing.Noise;

/// <summary>
/// The integers that turn draws into whole steps: entry m is floor(2^64 Phi((m + 1/2) / steps)), m = 0, 1, .. A draw without its sign, T from 2^63 on, stands
/// for every real in (T, T+1) / 2^64; it gives as many steps as there are entries below it, and is in doubt when it equals one. Ends with the first entry
/// of 2^64 - 1, or where noise saturates.
/// </summary>
internal static class NormalThresholds
{
    /// <param name="steps">Sigma over the grid's step.</param>
    /// <param name="most">The largest number of steps: noise beyond counts as this (saturation).</param>
    public static ImmutableArray<ulong> Compute(ExactRatio steps, int most) => Compute(steps, most, null);

    /// <param name="densities">The density at each entry's place.</param>
    public static ImmutableArray<ulong> Compute(ExactRatio steps, int most, ImmutableArray<double>.Builder? densities)
    {
        ImmutableArray<ulong>.Builder thresholds = ImmutableArray.CreateBuilder<ulong>();
        for (int m = 0; m < most; m++)
        {
            (ulong threshold, double density) = NormalInteger.At(Place(m, steps));
            thresholds.Add(threshold);
            densities?.Add(density);
            if (threshold == ulong.MaxValue)
            {
                break;
            }
        }

        return thresholds.ToImmutable();
    }

    private static ExactRatio Place(int m, ExactRatio steps) => new ExactRatio((2 * m) + 1, 2) / steps;
}
