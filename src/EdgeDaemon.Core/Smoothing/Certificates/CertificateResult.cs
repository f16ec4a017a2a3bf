namespace EdgeDaemon.Core.Smoothing.Certificates;

/// <param name="Class">That the selection chose; <see cref="Votes.None"/> when every selection sample failed.</param>
/// <param name="Abstained">Nothing is certified.</param>
/// <param name="Radius">In units of the tensor that the graphs see; 0 when abstained.</param>
/// <param name="InputRadius">In units of the input as the caller sent it, rounded down.</param>
/// <param name="Samples">The deciding look: after so many certification samples the radius was reached. 0 when abstained.</param>
/// <param name="Agreements">Samples for the class at that look. 0 when abstained.</param>
public sealed record CertificateResult(int Class, bool Abstained, double Radius, double InputRadius, int Samples, int Agreements, StoppedBy Stopped)
{
    // Below, the error of a product could itself be too small for a double; nobody means such a radius.
    private const double LeastProduct = 1e-290;

    /// <summary><paramref name="radius"/> in the caller's units: the largest double that is not above the exact product; 0 below 1e-290.</summary>
    public static double InUnitsOfInput(double radius, double scale)
    {
        double product = radius * scale;
        return product < LeastProduct ? 0 : Math.FusedMultiplyAdd(radius, scale, -product) < 0 ? Math.BitDecrement(product) : product;
    }
}

/// <summary>Why no more samples were drawn.</summary>
public enum StoppedBy
{
    /// <summary>The fixed number of a Clopper-Pearson bound was reached.</summary>
    Completed,

    /// <summary>A radius is certified, and every larger one was given up or there is none.</summary>
    Certified,

    /// <summary>Every radius was given up.</summary>
    Futile,

    /// <summary>As many samples as allowed were drawn.</summary>
    Samples,

    /// <summary>The time was over.</summary>
    Deadline,
}
