namespace EdgeDaemon.Core.Smoothing.Boundaries;

/// <summary>
/// One request's way through a ladder: counts samples in draw order, decides at looks only. A field of whoever holds the request: no object of its own.
/// Batches of any size may be counted; a look falls where the schedule has it, also within a batch, and what lies behind the look that decided
/// is not counted.
/// </summary>
public struct SequentialDecision
{
    private readonly RadiusLadder _ladder;
    private readonly ChosenClass _class;
    private int _agreements;
    private int _given;

    /// <exception cref="ArgumentException">No class was chosen.</exception>
    public SequentialDecision(RadiusLadder ladder, ChosenClass chosen)
    {
        if (chosen.Index < 0)
        {
            throw new ArgumentException("no class was chosen: the answer is an abstention, there is nothing to decide", nameof(chosen));
        }

        _ladder = ladder;
        _class = chosen;
        _given = ladder.Count;
        Certified = -1;
    }

    public readonly int Class => _class.Index;

    public Verdict Verdict { get; private set; }

    /// <summary>The largest certified radius's place on the ladder, or -1.</summary>
    public int Certified { get; private set; }

    /// <summary>The certified radius in units of the noised tensor, 0 when there is none.</summary>
    public readonly double Radius => Certified < 0 ? 0 : _ladder.Radii[Certified];

    /// <summary>Samples counted so far, selection apart.</summary>
    public int Samples { get; private set; }

    /// <summary>Those that chose the class.</summary>
    public readonly int Agreements => _agreements;

    /// <summary>Looks taken.</summary>
    public int Looks { get; private set; }

    /// <summary>Which draw of the request comes next: selection's draws come first.</summary>
    public readonly int NextSample => _class.FirstSample + Samples;

    /// <summary>How many samples the next look waits for; 0 once decided.</summary>
    public readonly int UntilLook => Verdict == Verdict.GoOn ? _ladder.Looks[Looks] - Samples : 0;

    /// <summary>Counts the next draws, in draw order, until a look decides.</summary>
    /// <param name="firstSample">The draw that the first choice belongs to, <see cref="NextSample"/>: a batch that overtook another is refused.</param>
    /// <param name="choices">A class each. Anything else (NaN, a failed batch, one that came too late) counts against the class.</param>
    /// <exception cref="InvalidOperationException">Another draw is next, or the decision has fallen.</exception>
    public Verdict Count(int firstSample, ReadOnlySpan<int> choices)
    {
        if (firstSample != NextSample || Verdict != Verdict.GoOn)
        {
            throw new InvalidOperationException($"draw {firstSample} is not the next one ({NextSample}), or the decision ({Verdict}) has fallen");
        }

        while (choices.Length > 0 && Verdict == Verdict.GoOn)
        {
            ReadOnlySpan<int> before = choices[..Math.Min(choices.Length, UntilLook)];
            _agreements += before.Count(_class.Index);
            Samples += before.Length;
            choices = choices[before.Length..];
            if (UntilLook == 0)
            {
                Look();
            }
        }

        return Verdict;
    }

    /// <summary>Counts all draws up to the next look at once, when only their sum is known.</summary>
    /// <param name="samples">As many as <see cref="UntilLook"/> says.</param>
    /// <exception cref="InvalidOperationException">They are others, or the decision has fallen.</exception>
    public Verdict CountToLook(int agreements, int samples)
    {
        if (samples != UntilLook || samples == 0 || agreements < 0 || agreements > samples)
        {
            throw new InvalidOperationException($"the next look waits for {UntilLook} samples, not for {samples} with {agreements} agreements");
        }

        _agreements += agreements;
        Samples += samples;
        Look();
        return Verdict;
    }

    /// <summary>Ends it from outside. What was certified at completed looks stands; samples after the last look certify nothing.</summary>
    public Verdict Stop()
    {
        if (Verdict == Verdict.GoOn)
        {
            Verdict = Verdict.Stopped;
        }

        return Verdict;
    }

    private void Look()
    {
        int look = Looks++;
        int disagreements = Samples - _agreements;

        // Up rises with the radius: the largest that is reached is the last of a row.
        while (Certified + 1 < _ladder.Count && _agreements >= _ladder[Certified + 1].Up[look])
        {
            Certified++;
        }

        // Radii from _given on are given up. A larger one is at least as hopeless as a smaller one.
        for (int r = Certified + 1; r < _given; r++)
        {
            if (disagreements >= _ladder[r].Down[look])
            {
                _given = r;
            }
        }

        if (Certified + 1 >= _given)
        {
            Verdict = Certified >= 0 ? Verdict.Certified : Verdict.Futile;
        }
        else if (Looks == _ladder.Looks.Count)
        {
            Verdict = Verdict.Exhausted;
        }
    }
}
