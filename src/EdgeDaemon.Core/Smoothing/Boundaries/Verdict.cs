namespace EdgeDaemon.Core.Smoothing.Boundaries;

/// <summary>How a decision stands.</summary>
public enum Verdict
{
    /// <summary>More samples are needed.</summary>
    GoOn,

    /// <summary>A radius is certified, and every larger one is given up or there is none.</summary>
    Certified,

    /// <summary>Every radius is given up: the answer is an abstention.</summary>
    Futile,

    /// <summary>All samples are used. A smaller radius than asked may be certified, or none.</summary>
    Exhausted,

    /// <summary>Ended from outside (time, budget) at the last completed look. A radius may be certified, or none.</summary>
    Stopped,
}
