namespace EdgeDaemon.Core.Smoothing.Boundaries;

/// <summary>
/// The first samples of a request, which choose the class. What they chose leaves here as a <see cref="ChosenClass"/>, which only this type makes and every
/// decision demands; from then on no sample is taken here. That is what keeps selection and certification disjoint: there is no way to hand
/// these samples to a decision, nor to choose again after one has begun (soundness rule S3). One object serves many requests, one after another.
/// </summary>
public sealed class Selection
{
    private readonly int[] _counts;
    private int _planned;
    private bool _chosen;

    /// <param name="classes">How many there are, at least 1.</param>
    public Selection(int classes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        _counts = new int[classes];
    }

    /// <summary>Samples counted, of any class or none.</summary>
    public int Samples { get; private set; }

    public bool Complete => Samples == _planned;

    public ReadOnlySpan<int> Counts => _counts;

    /// <summary>Begins a request.</summary>
    /// <param name="samples">How many choose, at least 1: the request's draws 0 to this - 1.</param>
    public void Begin(int samples)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        Array.Clear(_counts);
        (Samples, _planned, _chosen) = (0, samples, false);
    }

    /// <summary>Counts the next draws. A choice that is no class (NaN, lost, late) counts as a sample and for nobody.</summary>
    /// <exception cref="InvalidOperationException">There are more than were planned, or the class is chosen.</exception>
    public void Count(ReadOnlySpan<int> choices)
    {
        if (_chosen || choices.Length > _planned - Samples)
        {
            throw new InvalidOperationException($"{choices.Length} samples more do not belong to a selection with {Samples} of {_planned}{(_chosen ? ", which has chosen" : "")}");
        }

        foreach (int choice in choices)
        {
            if ((uint)choice < (uint)_counts.Length)
            {
                _counts[choice]++;
            }
        }

        Samples += choices.Length;
    }

    /// <summary>
    /// The class with the most counts, the lowest of several; <see cref="ChosenClass.None"/> when nobody got any. Samples that have not come by now count
    /// for nobody, here or later.
    /// </summary>
    public ChosenClass Choose()
    {
        _chosen = true;
        int best = 0;
        for (int i = 1; i < _counts.Length; i++)
        {
            if (_counts[i] > _counts[best])
            {
                best = i;
            }
        }

        return _counts[best] == 0 ? ChosenClass.None : new ChosenClass(best, _planned);
    }
}
