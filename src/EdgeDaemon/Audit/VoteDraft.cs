using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Engine.Voting;

namespace EdgeDaemon.Audit;

/// <summary>What a record says of the classes that were answered, and of an ensemble's votes: copied while the lane still holds them, and no more of it than a record has room for.</summary>
internal sealed class VoteDraft
{
    /// <summary>Rows of which the record says the class and the agreement.</summary>
    public const int MostRows = 16;

    /// <summary>Classes of the first row whose votes are told.</summary>
    public const int MostClasses = 16;

    private readonly int[] _classes = new int[MostRows];
    private readonly int[] _agreement = new int[MostRows];
    private readonly int[] _votes = new int[2 * MostClasses];
    private int _rows;
    private int _chosen;

    /// <summary>That voted; 0 where nobody did.</summary>
    public int Members { get; private set; }

    public int FailedMembers { get; private set; }

    /// <summary>The answer's class of each row; <see cref="VoteResult.NoChoice"/> where it has none.</summary>
    public ReadOnlySpan<int> Classes => _classes.AsSpan(0, _rows);

    /// <summary>In millionths; empty where nobody voted.</summary>
    public ReadOnlySpan<int> Agreement => _agreement.AsSpan(0, Members == 0 ? 0 : _rows);

    /// <summary>Of the first row: class, count, class, count, the most votes first, of equals the lower class.</summary>
    public ReadOnlySpan<int> Counts => _votes.AsSpan(0, 2 * _chosen);

    public void Clear()
    {
        // What it held says something of a tenant's input.
        Array.Clear(_classes);
        Array.Clear(_agreement);
        Array.Clear(_votes);
        (_rows, _chosen, Members, FailedMembers) = (0, 0, 0, 0);
    }

    /// <param name="run">Its lane is not cleared yet.</param>
    /// <param name="first">The first of its rows that is the request's.</param>
    /// <param name="count">How many are.</param>
    public void Take(EnsembleRun run, int first, int count)
    {
        VoteResult votes = run.Count.Result;
        FailedMembers = run.FailedCount;
        if (!votes.IsKept || count == 0)
        {
            return;
        }

        _rows = Math.Min(count, MostRows);
        for (int row = 0; row < _rows; row++)
        {
            ref RowVote vote = ref votes.Row(first + row);
            _classes[row] = vote.Answer;
            _agreement[row] = float.IsFinite(vote.Agreement) ? (int)MathF.Round(vote.Agreement * 1e6f) : 0;
        }

        Members = votes.Row(first).Members;
        foreach (int choice in votes.Choices(first))
        {
            if (choice != VoteResult.NoChoice)
            {
                Count(choice);
            }
        }

        Sort();
    }

    /// <summary>The largest element of each row: what a model of one member answered.</summary>
    /// <param name="values">The rows, one behind another.</param>
    /// <param name="classes">Elements of each; what is no whole number of rows is none.</param>
    public void Take(ReadOnlySpan<float> values, int classes)
    {
        if (classes <= 0 || values.Length % classes != 0)
        {
            return;
        }

        _rows = Math.Min(values.Length / classes, MostRows);
        for (int row = 0; row < _rows; row++)
        {
            _classes[row] = Votes.Choice(values.Slice(row * classes, classes));
        }
    }

    private void Count(int choice)
    {
        for (int i = 0; i < _chosen; i++)
        {
            if (_votes[2 * i] == choice)
            {
                _votes[(2 * i) + 1]++;
                return;
            }
        }

        if (_chosen < MostClasses)
        {
            _votes[2 * _chosen] = choice;
            _votes[(2 * _chosen++) + 1] = 1;
        }
    }

    private void Sort()
    {
        for (int i = 1; i < _chosen; i++)
        {
            (int choice, int count) = (_votes[2 * i], _votes[(2 * i) + 1]);
            int at = i;
            for (; at > 0 && (_votes[(2 * at) - 1] < count || (_votes[(2 * at) - 1] == count && _votes[(2 * at) - 2] > choice)); at--)
            {
                _votes[2 * at] = _votes[(2 * at) - 2];
                _votes[(2 * at) + 1] = _votes[(2 * at) - 1];
            }

            _votes[2 * at] = choice;
            _votes[(2 * at) + 1] = count;
        }
    }
}
