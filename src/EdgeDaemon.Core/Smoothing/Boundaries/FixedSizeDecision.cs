using EdgeDaemon.Core.Smoothing.Statistics;

namespace EdgeDaemon.Core.Smoothing.Boundaries;

/// <summary>
/// CERTIFY with a fixed number of samples (Cohen et al. 2019): one Clopper-Pearson bound at the end, and whatever radius it gives. The number is part
/// of the statement: who ends early leaves it as it is, and every sample that is missing counts against the class.
/// </summary>
public struct FixedSizeDecision
{
    private readonly ChosenClass _class;
    private readonly double _alpha;
    private readonly double _sigma;
    private readonly int _planned;
    private int _agreements;

    /// <param name="samples">1 to <see cref="LookSchedule.MostSamples"/>.</param>
    /// <exception cref="ArgumentException">No class was chosen, or a parameter is outside its range.</exception>
    public FixedSizeDecision(ChosenClass chosen, int samples, double alpha, double sigma)
    {
        if (chosen.Index < 0)
        {
            throw new ArgumentException("no class was chosen: the answer is an abstention, there is nothing to decide", nameof(chosen));
        }

        if (samples is < 1 or > LookSchedule.MostSamples || !(alpha > 0 && alpha <= 0.5) || !(sigma > 0 && double.IsFinite(sigma)))
        {
            throw new ArgumentOutOfRangeException(nameof(samples), $"{samples} samples, alpha {alpha}, sigma {sigma}: 1 to {LookSchedule.MostSamples}, (0, 1/2], positive");
        }

        (_class, _planned, _alpha, _sigma) = (chosen, samples, alpha, sigma);
    }

    public readonly int Class => _class.Index;

    public readonly int Agreements => _agreements;

    /// <summary>Samples counted so far, selection apart.</summary>
    public int Samples { get; private set; }

    public readonly int Planned => _planned;

    public readonly bool Complete => Samples == _planned;

    /// <inheritdoc cref="SequentialDecision.NextSample"/>
    public readonly int NextSample => _class.FirstSample + Samples;

    /// <summary>Counts the next draws, in draw order.</summary>
    /// <exception cref="InvalidOperationException">Another draw is next, or there are more than planned.</exception>
    public void Count(int firstSample, ReadOnlySpan<int> choices)
    {
        if (firstSample != NextSample || choices.Length > _planned - Samples)
        {
            throw new InvalidOperationException($"draw {firstSample} is not the next one ({NextSample}), or {choices.Length} more are too many for {_planned}");
        }

        _agreements += choices.Count(_class.Index);
        Samples += choices.Length;
    }

    /// <summary>The lower bound on the class's probability; samples that never came count against it.</summary>
    public readonly double LowerBound => ClopperPearson.Lower(_agreements, _planned, _alpha);

    /// <summary>The certified radius, rounded down; 0 is an abstention.</summary>
    public readonly double Radius => CertifiedRadius.Of(LowerBound, _sigma);
}
