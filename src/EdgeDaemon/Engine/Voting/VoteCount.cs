using System.Runtime.InteropServices;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Engine.Voting;

/// <summary>The members' outputs -> the answer, row by row and in the members' listed order.</summary>
internal sealed class VoteCount(Ensemble ensemble, MemberPort[] members, TensorBlockPool pool)
{
    // So many classes are summed on the stack; it is also the piece in which outputs without a vote are added up.
    private const int SmallRow = 512;

    private readonly TensorBlock?[] _answers = new TensorBlock?[ensemble.Outputs.Length];
    private readonly bool[] _answered = new bool[members.Length];

    public VoteStatistics Statistics { get; init; } = new();

    public VoteResult Result { get; } = new(members.Length);

    public ReadOnlySpan<byte> Answer(int output) => _answers[output]!.GetSpan();

    /// <summary>Whether the first so many members, who all have answered, choose the same class in every row but a few.</summary>
    /// <param name="first">How many members.</param>
    /// <param name="but">In so many rows they may differ.</param>
    public bool Agree(int first, int but)
    {
        int classes = Classes(members[0]);
        int rows = classes == 0 ? 0 : Floats(members[0], ensemble.Rules.Output).Length / classes;
        for (int row = 0; row < rows; row++)
        {
            int choice = Votes.Choice(Row(0, row, classes));
            for (int member = 1; member < first; member++)
            {
                if (choice == Votes.None || Votes.Choice(Row(member, row, classes)) != choice)
                {
                    if (but-- == 0)
                    {
                        return false;
                    }

                    break;
                }
            }
        }

        return true;
    }

    /// <param name="slots">Who has answered.</param>
    /// <param name="first">The first of them.</param>
    /// <param name="account">On whose account the answer's memory is.</param>
    /// <param name="early">Only the members that had to agree were asked.</param>
    public void Combine(ReadOnlySpan<MemberSlot> slots, MemberPort first, TensorAccount? account, bool early)
    {
        for (int i = 0; i < slots.Length; i++)
        {
            _answered[i] = slots[i].State == MemberState.Answered;
        }

        for (int output = 0; output < _answers.Length; output++)
        {
            ReadOnlySpan<byte> like = first.Run.OutputData(first.OutputIndex[output]);
            TensorBlock block = _answers[output] = pool.Rent(like.Length, account);
            Span<float> answer = MemoryMarshal.Cast<byte, float>(block.GetSpan());
            if (output == ensemble.Rules.Output)
            {
                Vote(answer, Classes(first), account, early);
            }
            else
            {
                Mean(output, answer);
            }
        }

        Statistics.CountVote(early);
    }

    /// <summary>Forgets the answer: its memory goes back before another request can see the lane.</summary>
    public void Clear()
    {
        Result.Clear();
        for (int i = 0; i < _answers.Length; i++)
        {
            _answers[i]?.Return();
            _answers[i] = null;
        }
    }

    /// <summary>In nats, of the mean softmax of the members that took part in a row; NaN where one of them has NaN. Until the lane is cleared.</summary>
    public double Entropy(int row)
    {
        MemberPort first = members[Array.IndexOf(_answered, true)];
        int classes = Classes(first), limit = Result.Row(row).Members;
        double[]? large = classes > SmallRow ? new double[classes] : null; // Asked for by people, not on the hot path.
        Span<double> sums = large ?? stackalloc double[classes];
        double weights = 0;
        for (int member = 0; member < members.Length && limit > 0; member++)
        {
            if (_answered[member])
            {
                Votes.AddProbabilities(Row(member, row, classes), ensemble.Rules.Weights[member], sums);
                weights += ensemble.Rules.Weights[member];
                limit--;
            }
        }

        double entropy = Votes.Entropy(sums, weights);
        sums.Clear();
        return entropy;
    }

    private void Vote(Span<float> answer, int classes, TensorAccount? account, bool early)
    {
        int rows = classes == 0 ? 0 : answer.Length / classes;
        bool kept = rows <= VoteResult.MostRows;
        if (kept)
        {
            Result.Begin(rows, pool, account);
        }

        TensorBlock? large = classes > SmallRow ? pool.Rent((long)classes * sizeof(double), account) : null;
        Span<double> sums = large is null ? stackalloc double[Math.Min(classes, SmallRow)] : MemoryMarshal.Cast<byte, double>(large.GetSpan());
        Span<int> choices = stackalloc int[members.Length];
        try
        {
            for (int row = 0; row < rows; row++)
            {
                RowVote vote = VoteRow(row, classes, sums, choices, answer.Slice(row * classes, classes), early);
                if (!vote.IsOpen)
                {
                    Statistics.Observe(vote.Agreement);
                }

                if (kept)
                {
                    Result.Row(row) = vote;
                    choices.CopyTo(Result.Choices(row));
                }
            }
        }
        finally
        {
            large?.Return();
        }
    }

    private RowVote VoteRow(int row, int classes, Span<double> sums, Span<int> choices, Span<float> answer, bool early)
    {
        int consensus = ensemble.Rules.Consensus;
        bool agreed = consensus > 0;
        for (int member = 0; member < members.Length; member++)
        {
            choices[member] = _answered[member] ? Votes.Choice(Row(member, row, classes)) : VoteResult.NoChoice;
            agreed &= member >= consensus || (choices[member] == choices[0] && choices[0] != Votes.None);
        }

        if (early && !agreed)
        {
            // What these few members say together is nobody's answer, and must pass for none.
            choices.Fill(VoteResult.NoChoice);
            answer.Fill(float.NaN);
            return new RowVote { Answer = Votes.None, Top = Votes.None, RunnerUp = Votes.None, IsOpen = true };
        }

        // Where the first agree it is they who answer, whether or not another row needed the others: a row's answer does not
        // depend on the rows beside it.
        int last = agreed ? consensus : members.Length;
        choices[last..].Fill(VoteResult.NoChoice);
        sums.Clear();
        double weights = 0;
        int took = 0;
        for (int member = 0; member < last; member++)
        {
            if (_answered[member])
            {
                Votes.Add(ensemble.Rules.Rule, Row(member, row, classes), ensemble.Rules.Weights[member], sums);
                weights += ensemble.Rules.Weights[member];
                took++;
            }
        }

        Votes.End(sums, weights, answer);
        int chosen = Votes.Choice(ensemble.Rules.Rule, answer);
        if (chosen == Votes.None && ensemble.Rules.Rule == VoteRule.Majority)
        {
            answer.Fill(float.NaN); // Nobody had an opinion. Shares that are all 0 would pass for the first class, with whoever takes the largest.
        }

        var vote = new RowVote { Answer = chosen, Members = took, Top = Votes.None, RunnerUp = Votes.None };
        foreach (int choice in choices)
        {
            Rank(choice, choices, ref vote);
        }

        vote.Agreement = vote.Answer == Votes.None ? 0 : (float)choices.Count(vote.Answer) / took;
        return vote;
    }

    private static void Rank(int choice, ReadOnlySpan<int> choices, ref RowVote vote)
    {
        if (choice == Votes.None || choice == vote.Top || choice == vote.RunnerUp)
        {
            return;
        }

        int votes = choices.Count(choice);
        if (votes > vote.TopVotes || (votes == vote.TopVotes && choice < vote.Top))
        {
            (vote.RunnerUp, vote.RunnerUpVotes) = (vote.Top, vote.TopVotes);
            (vote.Top, vote.TopVotes) = (choice, votes);
        }
        else if (votes > vote.RunnerUpVotes || (votes == vote.RunnerUpVotes && choice < vote.RunnerUp))
        {
            (vote.RunnerUp, vote.RunnerUpVotes) = (choice, votes);
        }
    }

    private void Mean(int output, Span<float> answer)
    {
        Span<double> sums = stackalloc double[SmallRow];
        for (int from = 0; from < answer.Length; from += SmallRow)
        {
            int count = Math.Min(SmallRow, answer.Length - from);
            sums.Clear();
            double weights = 0;
            for (int member = 0; member < members.Length; member++)
            {
                if (_answered[member])
                {
                    Votes.Add(VoteRule.Mean, Floats(members[member], output).Slice(from, count), ensemble.Rules.Weights[member], sums);
                    weights += ensemble.Rules.Weights[member];
                }
            }

            Votes.End(sums, weights, answer.Slice(from, count));
        }
    }

    private int Classes(MemberPort member)
    {
        ref readonly TensorShape shape = ref member.Run.OutputShape(member.OutputIndex[ensemble.Rules.Output]);
        return (int)shape[shape.Rank - 1];
    }

    private ReadOnlySpan<float> Row(int member, int row, int classes) => Floats(members[member], ensemble.Rules.Output).Slice(row * classes, classes);

    private static ReadOnlySpan<float> Floats(MemberPort member, int output) => MemoryMarshal.Cast<byte, float>(member.Run.OutputData(member.OutputIndex[output]));
}
