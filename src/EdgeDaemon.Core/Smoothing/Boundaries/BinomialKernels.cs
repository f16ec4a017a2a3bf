namespace EdgeDaemon.Core.Smoothing.Boundaries;

/// <summary>The kernels of one probability, each made once: a calibration takes the same steps a dozen times. For one thread.</summary>
public sealed class BinomialKernels(double p)
{
    private readonly Dictionary<int, BinomialKernel> _kernels = [];

    /// <summary>The probability of a count, the double itself.</summary>
    public double Probability => p;

    internal BinomialKernel Of(int samples)
    {
        if (!_kernels.TryGetValue(samples, out BinomialKernel? kernel))
        {
            kernel = BinomialKernel.Of(samples, p);
            _kernels.Add(samples, kernel);
        }

        return kernel;
    }
}
