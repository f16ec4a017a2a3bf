namespace EdgeDaemon.Engine.Voting;

internal enum MemberState
{
    NotAsked,
    Answered,
    Failed,
}

/// <summary>What became of one member in one run, and how long it usually takes.</summary>
internal struct MemberSlot
{
    public MemberState State;
    public bool Late;
    public Exception? Failure;
    public string? Detail; // of a failure of its own
    public RunEstimate Estimate;
    public MemberDeadline? Deadline;

    /// <summary>Nothing of the last run is left but what was learnt.</summary>
    public void Clear()
    {
        State = MemberState.NotAsked;
        Failure = null;
        Detail = null;
    }
}
