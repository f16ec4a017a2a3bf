using System.Runtime.InteropServices;
using EdgeDaemon.Core.Smoothing;

namespace EdgeDaemon.Engine.Smoothing;

/// <summary>A sample of another certification in a run.</summary>
/// <param name="Of">The batch in which it waits for its own run.</param>
/// <param name="Turn">Of that batch: it means another sample since, if that has changed.</param>
/// <param name="Row">Its place there.</param>
/// <param name="Place">Its place in the run.</param>
internal readonly record struct GuestRow(SmoothingBatch Of, int Turn, int Row, int Place);

/// <summary>Rows of a run that its own certification had no use for, and other certifications' samples in them. The host's alone, from <see cref="Begin"/> until all are back where they came from.</summary>
internal sealed class GuestRows
{
    private readonly List<int> _free = [];
    private readonly List<GuestRow> _rows = [];
    private int _taken;

    /// <summary>Samples of others in the run.</summary>
    public int Count => _rows.Count;

    public bool HasPlace => _taken < _free.Count;

    /// <summary>Places that were given to others since the run began, whether or not they still wait for an answer.</summary>
    public ReadOnlySpan<int> Places => CollectionsMarshal.AsSpan(_free)[.._taken];

    /// <summary>Nobody else has a row, and none is free.</summary>
    public void Begin()
    {
        _free.Clear();
        _rows.Clear();
        _taken = 0;
    }

    /// <summary>A row of the run is nobody's.</summary>
    public void Free(int place) => _free.Add(place);

    /// <summary>The next free row is a sample of another's.</summary>
    /// <returns>Its place in the run.</returns>
    public int Add(SmoothingBatch of, int row)
    {
        int place = _free[_taken++];
        _rows.Add(new GuestRow(of, of.Turn, row, place));
        return place;
    }

    /// <summary>Gives each sample's class to its certification.</summary>
    /// <param name="logits">Of all rows of the run.</param>
    /// <param name="classes">Elements of each.</param>
    /// <param name="rule">By which members voted.</param>
    public void Settle(ReadOnlySpan<float> logits, int classes, VoteRule rule)
    {
        while (_rows.Count > 0)
        {
            // Those of one certification lie beside one another, and it is told once.
            SmoothingRun owner = _rows[^1].Of.Run!;
            int from = _rows.FindLastIndex(row => row.Of.Run != owner) + 1;
            owner.TakeLent(CollectionsMarshal.AsSpan(_rows)[from..], logits, classes, rule);
            _rows.RemoveRange(from, _rows.Count - from);
        }
    }

    /// <summary>There is no answer for those who have none yet: each runs its own.</summary>
    /// <param name="alone">One of them, or the host, is at fault: none shares a run any more.</param>
    public void GiveBack(bool alone)
    {
        foreach (GuestRow row in _rows)
        {
            row.Of.Run!.TakeBack(row, alone);
        }

        _rows.Clear();
    }
}
