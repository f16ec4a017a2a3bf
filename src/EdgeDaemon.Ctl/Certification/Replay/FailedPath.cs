using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Core.Smoothing.Certificates;

namespace EdgeDaemon.Ctl.Certification.Replay;

/// <summary>
/// A sequential path some of whose samples failed when it was walked. They do not fail again, so that it is known how many agreements were lost in all and before the look that certified, and not where. Between the
/// path that lost them as early as possible and the one that lost them as late as possible lies the true one: what no path between these two can have come to is false.
/// </summary>
/// <remarks>
/// More agreements certify more and give up less, at every look. So what the path with the fewest has certified, every path has; and what the path with the most has given up, every path has given up or certified.
/// </remarks>
internal sealed class FailedPath
{
    private readonly RobustnessCertificate _certificate;
    private readonly RadiusLadder _ladder;
    private readonly int[] _found; // agreements among the first so many samples, when they are drawn and run again
    private readonly int _certified; // a place on the ladder; -1 for none
    private readonly int _lost;
    private readonly int _lostBefore; // the look that certified

    /// <param name="certificate">Whose counts are at most what was found, and whose radius is the ladder's.</param>
    /// <param name="ladder">Its tables.</param>
    /// <param name="certifying">What its certification samples choose when they are drawn and run again, in draw order.</param>
    public FailedPath(RobustnessCertificate certificate, RadiusLadder ladder, ReadOnlySpan<int> certifying)
    {
        _certificate = certificate;
        _ladder = ladder;
        _found = new int[certifying.Length + 1];
        for (int i = 0; i < certifying.Length; i++)
        {
            _found[i + 1] = _found[i] + (certifying[i] == Result.Class ? 1 : 0);
        }

        _certified = Result.Abstained ? -1 : ladder.Radii.IndexOf(Result.Radius);
        _lost = _found[^1] - certificate.Certification.Of(Result.Class);
        _lostBefore = _found[Result.Samples] - Result.Agreements;
    }

    private CertificateResult Result => _certificate.Result;

    private int Total => _found.Length - 1;

    /// <exception cref="CtlException">No path that lost these samples ends as the certificate says.</exception>
    public void Judge()
    {
        if (_lostBefore < 0 || _lostBefore > _lost)
        {
            // A failed sample can only take from the class. Without this, one sample restated as failed would let any count be claimed.
            throw new CtlException(
                $"result.agreements is {Result.Agreements}; of the first {Result.Samples} certification samples {_found[Result.Samples]} are for class {Result.Class} when they are drawn and run again, and {_lost} of all failed");
        }

        // Certified at least and at most; given up for certain, and by the path that gives up most.
        int least = -1, most = -1, given = _ladder.Count, canBeGiven = _ladder.Count;
        for (int look = 0; look < _ladder.Looks.Count && _ladder.Looks[look] <= Total; look++)
        {
            int samples = _ladder.Looks[look], reached = samples < Result.Samples ? _certified - 1 : _certified;
            (int fewest, int highest) = Agreements(samples);
            least = Certified(least, look, fewest);
            if (least > reached)
            {
                throw Radius($"was reached or passed after {samples} samples, whichever of them had failed");
            }

            if (samples == Result.Samples)
            {
                least = Certified(-1, look, Result.Agreements);
                if (least != _certified)
                {
                    throw Radius($"is not what {Result.Agreements} agreements after {samples} samples reach");
                }
            }

            most = Math.Min(reached, Certified(most, look, highest));
            canBeGiven = Given(canBeGiven, least, look, samples - fewest);
            given = Given(given, most, look, samples - highest);
            if (samples < Total && Math.Max(least, samples < Result.Samples ? -1 : _certified) + 1 >= given)
            {
                throw new CtlException($"all was decided after {samples} certification samples, whichever of them had failed; the certificate counts {Total}");
            }
        }

        // What ends it falls at the last look: the radius itself, or giving up the next one.
        bool over = _certified + 1 >= given, canBeOver = _certified + 1 >= canBeGiven
            && (Result.Samples == Total || Total - _certificate.Certification.Of(Result.Class) >= _ladder[_certified + 1].Down[_ladder.Looks.Looks.IndexOf(Total)]);
        bool right = Result.Stopped switch
        {
            StoppedBy.Certified or StoppedBy.Futile => canBeOver, // Which of the two, the certificate's own consistency says.
            _ => !over,
        };
        if (!right)
        {
            throw new CtlException($"result.stopped is \"{CertificateWords.Of(Result.Stopped)}\"; after these {Total} samples {(over ? "all was" : "not all can have been")} decided, whichever of them had failed");
        }
    }

    // At the look that certified they are known; up to it and behind it, as few and as many as the lost ones allow.
    private (int Fewest, int Most) Agreements(int samples)
    {
        int pin = Result.Samples, found = _found[samples];
        if (samples <= pin)
        {
            return (found - Math.Min(_lostBefore, found), found - Math.Max(0, _lostBefore - (_found[pin] - found)));
        }

        int behind = _lost - _lostBefore;
        return (found - _lostBefore - Math.Min(behind, found - _found[pin]), found - _lostBefore - Math.Max(0, behind - (_found[^1] - found)));
    }

    private int Certified(int certified, int look, int agreements)
    {
        while (certified + 1 < _ladder.Count && agreements >= _ladder[certified + 1].Up[look])
        {
            certified++;
        }

        return certified;
    }

    private int Given(int given, int certified, int look, int disagreements)
    {
        for (int r = certified + 1; r < given; r++)
        {
            if (disagreements >= _ladder[r].Down[look])
            {
                return r;
            }
        }

        return given;
    }

    private CtlException Radius(string what) => new(FormattableString.Invariant($"result.radius is {Result.Radius:R} after {Result.Samples} samples; it {what}"));
}
