namespace EdgeDaemon.Core.Smoothing;

/// <summary>How members' answers become one. Every rule is weighted, and sums in the members' listed order.</summary>
public enum VoteRule
{
    /// <summary>The mean of the outputs: the soft vote on logits.</summary>
    Mean,

    /// <summary>The mean of the softmax over the last axis. The answer is probabilities.</summary>
    Probabilities,

    /// <summary>The hard vote: each member gives its weight to its largest class. The answer is each class's share of all weights.</summary>
    Majority,
}
