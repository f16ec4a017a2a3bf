using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Core.Smoothing.Noise;
using EdgeDaemon.Engine.Smoothing;

namespace EdgeDaemon.Tests.Engine.Smoothing;

/// <summary>Small questions whose tables take no time to make.</summary>
internal static class Questions
{
    public const double Sigma = 0.25;
    public const double Alpha = 0.01;
    public const int Selection = 20;
    public const int Period = 50;
    public const int MaxSamples = 1000;

    /// <summary>More than two runs of any test have.</summary>
    public const int Away = 1000;

    public static readonly double[] Radii = [0.05, 0.125, 0.25, 0.5];

    private static readonly Lazy<RadiusLadder> All = new(() => RadiusLadder.Build(Sigma, Radii, Alpha, Alpha, LookSchedule.Every(Period, MaxSamples)));

    public static RadiusLadder Ladder => All.Value;

    public static RowNoise Noise { get; } = RowNoise.ForFloats(new NoiseScale(Sigma, 1));

    public static SmoothingQuestion Sequential(int samples = MaxSamples) => new(SmoothingMode.Sequential, Noise, Alpha, Ladder, Selection, samples);

    public static SmoothingQuestion Fixed(int samples) => new(SmoothingMode.Fixed, Noise, Alpha, null, Selection, samples);

    public static SmoothingQuestion Predict(int samples) => new(SmoothingMode.Predict, Noise, Alpha, null, 0, samples);

    public static SmoothedInput Input(SmoothingQuestion question, int place = 0, int classes = 4) => new(place, new byte[8], new NoiseKey(1, 2), question, classes, Away);
}
