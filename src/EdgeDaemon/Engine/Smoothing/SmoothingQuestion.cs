using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Core.Smoothing.Noise;

namespace EdgeDaemon.Engine.Smoothing;

/// <summary>What is decided over the samples of an input.</summary>
internal enum SmoothingMode
{
    /// <summary>The class alone (PREDICT of Cohen, Rosenfeld and Kolter 2019).</summary>
    Predict,

    /// <summary>As large a radius as a fixed number of samples shows (CERTIFY of the same).</summary>
    Fixed,

    /// <summary>Which of the radii asked for hold, with as few samples as that takes: calibrated boundaries.</summary>
    Sequential,
}

/// <summary>What one request asks about each of its inputs, within what release, device and tenant allow.</summary>
/// <param name="Mode">What is decided.</param>
/// <param name="Noise">Of the sigma that was asked for.</param>
/// <param name="Alpha">The chance that an answer is wrong, of each input by itself. Of a sequential question, the level of its tables, which is what was asked or less.</param>
/// <param name="Ladder">Of a sequential question; else null.</param>
/// <param name="Selection">Samples that choose the class; 0 for a prediction, which chooses and judges with the same.</param>
/// <param name="Samples">Samples of one input beside those: as many, or (sequential) at most as many, a multiple of the look period then.</param>
internal sealed record SmoothingQuestion(SmoothingMode Mode, RowNoise Noise, double Alpha, RadiusLadder? Ladder, int Selection, int Samples)
{
    /// <summary>In the units of the tensor that receives the noise.</summary>
    public double Sigma => Noise.Scale.Sigma;

    /// <summary>All samples that one input may take.</summary>
    public int SamplesOfInput => Selection + Samples;
}
