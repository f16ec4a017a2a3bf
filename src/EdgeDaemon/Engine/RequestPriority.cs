namespace EdgeDaemon.Engine;

/// <summary>How urgent a request is among its tenant's own: <c>priority</c> of its parameters.</summary>
internal static class RequestPriority
{
    public const int Highest = 1;

    public const int Default = 5;

    public const int Lowest = 9;

    /// <summary>0, and what is beyond the levels, is the default, as Triton has it.</summary>
    public static int Of(ulong asked) => asked is >= Highest and <= Lowest ? (int)asked : Default;
}
