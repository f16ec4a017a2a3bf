namespace EdgeDaemon.Client.Transport;

/// <summary>Whether, and after how long, a call is tried again (the law: README.md).</summary>
internal static class RetryRule
{
    // Beyond this no timer goes, and no caller waits.
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <summary>The wait before the next try; null when there is none.</summary>
    /// <param name="failure">What came of the last try.</param>
    /// <param name="attempt">Which one that was, from 1.</param>
    /// <param name="retry">The policy.</param>
    /// <param name="left">Time to the deadline; null for no deadline.</param>
    /// <param name="chance">0 to 1: many clients that were refused together should not come back together.</param>
    public static TimeSpan? Wait(EdgeClientException failure, int attempt, EdgeRetry retry, TimeSpan? left, double chance)
    {
        if (!failure.MayRetry || attempt >= retry.Attempts || failure.RetryAfter < TimeSpan.Zero)
        {
            return null;
        }

        double own = Math.Min(retry.FirstWait.TotalMilliseconds * Math.Pow(2, Math.Min(attempt - 1, 30)), retry.LongestWait.TotalMilliseconds);
        TimeSpan wait = TimeSpan.FromMilliseconds(own * (0.5 + (0.5 * chance)));
        if (failure.RetryAfter is { } asked && asked > wait)
        {
            wait = asked;
        }

        return wait < (left ?? Longest) && wait <= Longest ? wait : null;
    }
}
