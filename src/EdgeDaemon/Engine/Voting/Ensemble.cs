using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Engine.Voting;

/// <summary>A member that did not answer.</summary>
/// <param name="Member">Its name.</param>
/// <param name="Late">It took too long; else it failed.</param>
/// <param name="Detail">For the log.</param>
/// <param name="LeftOut">Failures of the same member before this one that were not told.</param>
internal readonly record struct MemberFailure(string Member, bool Late, string Detail, long LeftOut);

/// <summary>What the lanes of one model have in common about their members' votes.</summary>
internal sealed class Ensemble
{
    private readonly Action<MemberFailure> _alarm;

    /// <param name="rules">Of the manifest.</param>
    /// <param name="members">Their names, in listed order.</param>
    /// <param name="outputs">In the contract's order.</param>
    /// <param name="alarm">Is told of failures, at most one a minute and member.</param>
    /// <param name="clock">For the alarms.</param>
    public Ensemble(ManifestEnsemble rules, ImmutableArray<string> members, ImmutableArray<TensorContract> outputs, Action<MemberFailure> alarm, TimeProvider clock)
    {
        Rules = rules;
        Outputs = outputs;
        Members = [.. members.Select(name => new MemberRecord(name, clock))];
        _alarm = alarm;
    }

    public ManifestEnsemble Rules { get; }

    public ImmutableArray<TensorContract> Outputs { get; }

    public ImmutableArray<MemberRecord> Members { get; }

    /// <summary>Whether requests wait: then every core will have one of its own at once.</summary>
    public Func<bool> HasWaiting { get; set; } = () => false;

    public void Fail(int member, bool late, string detail)
    {
        if (Members[member].Count(late, out long leftOut))
        {
            _alarm(new MemberFailure(Members[member].Name, late, detail, leftOut));
        }
    }
}
