namespace EdgeDaemon.Core.Smoothing.Noise;

/// <summary>Sigma in two units: the model's and the caller's, who sends numbers that the bundle divides by a divisor.</summary>
/// <param name="Sigma">Standard deviation of the noise in the model's units (after the division), as in model.toml. Its exact binary value counts.</param>
/// <param name="Divisor">What input + noise is divided by, as FP32; 1 where the model gets what the caller sent.</param>
public readonly record struct NoiseScale(double Sigma, float Divisor)
{
    /// <summary>Sigma in units of the input as the caller sent it; a radius in those units is the model's times <see cref="Divisor"/>. To show, not to certify.</summary>
    public double SentSigma => Sigma * Divisor;
}
