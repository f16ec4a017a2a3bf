using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Engine.Voting;

/// <summary>How the members voted on one row.</summary>
internal struct RowVote
{
    /// <summary>The answer's class: the largest element of its row, the lowest of several; <see cref="Votes.None"/> where it has NaN.</summary>
    public int Answer;

    /// <summary>The first so many members took part; all that answered, where nobody ended early.</summary>
    public int Members;

    /// <summary>The class that most members chose, the lowest of several, and how many did; without regard to weights.</summary>
    public int Top;
    public int TopVotes;

    /// <summary>The same for the second; <see cref="Votes.None"/> when all chose one.</summary>
    public int RunnerUp;
    public int RunnerUpVotes;

    /// <summary>The share of the members that took part whose choice is the answer's.</summary>
    public float Agreement;

    /// <summary>The first did not agree and the others were not asked: there is no answer.</summary>
    public bool IsOpen;
}

/// <summary>
/// The votes on the last run, for the stages after the engine. What it holds says something of a tenant's input: it lies in tensor memory, and is
/// cleared with the lane.
/// </summary>
internal sealed class VoteResult(int members)
{
    /// <summary>More rows than these are answered, and their votes are not kept: that is no classification.</summary>
    public const int MostRows = 4096;

    /// <summary>Stands for a member that took no part in a row: it was not asked, it failed, or its row has NaN.</summary>
    public const int NoChoice = Votes.None;

    private TensorBlock? _block;

    /// <summary>0 where nothing was voted on.</summary>
    public int Rows { get; private set; }

    /// <summary>False when there were more than <see cref="MostRows"/>.</summary>
    public bool IsKept => _block is not null;

    public ref RowVote Row(int row) => ref MemoryMarshal.Cast<byte, RowVote>(_block!.GetSpan())[row];

    /// <summary>Each member's choice in a row, in listed order.</summary>
    public Span<int> Choices(int row) =>
        MemoryMarshal.Cast<byte, int>(_block!.GetSpan()[(Rows * Unsafe.SizeOf<RowVote>())..]).Slice(row * members, members);

    public void Begin(int rows, TensorBlockPool pool, TensorAccount? account)
    {
        _block = pool.Rent(rows * (Unsafe.SizeOf<RowVote>() + (members * sizeof(int))), account);
        Rows = rows;
    }

    public void Clear()
    {
        _block?.Return();
        _block = null;
        Rows = 0;
    }
}
