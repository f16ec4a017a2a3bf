namespace EdgeDaemon.Core.Smoothing.Statistics;

/// <summary>
/// Natural logarithms of the same bits on every processor: for first guesses and for shapes of boundaries, which are proven afterwards. Accurate to
/// a few units in the last place; no bound is claimed.
/// </summary>
public static class Logarithm
{
    private const double Ln2 = 0.6931471805599453;
    private const double HalfLn2Pi = 0.9189385332046728;

    /// <param name="x">Positive and finite.</param>
    public static double Of(double x)
    {
        int exponent = Math.ILogB(x);
        double mantissa = Math.ScaleB(x, -exponent);
        if (mantissa > 1.4142135623730951)
        {
            mantissa /= 2;
            exponent++;
        }

        // ln m = 2 artanh s, s = (m - 1) / (m + 1), |s| < 0.172: thirteen terms reach the last bit.
        double s = (mantissa - 1) / (mantissa + 1);
        double square = s * s;
        double sum = 0;
        for (int odd = 25; odd >= 1; odd -= 2)
        {
            sum = (sum * square) + (1.0 / odd);
        }

        return (exponent * Ln2) + (2 * s * sum);
    }

    /// <summary>ln Gamma(x) by Stirling's series, from 10 upwards directly, below it by the recurrence.</summary>
    /// <param name="x">At least 1/2.</param>
    public static double Gamma(double x)
    {
        double product = 1;
        while (x < 10)
        {
            product *= x;
            x += 1;
        }

        double inverse = 1 / x;
        double square = inverse * inverse;
        double series = inverse * ((1 / 12.0) + (square * ((-1 / 360.0) + (square * ((1 / 1260.0) + (square * ((-1 / 1680.0) + (square * (1 / 1188.0)))))))));
        return ((x - 0.5) * Of(x)) - x + HalfLn2Pi + series - (product == 1 ? 0 : Of(product));
    }
}
