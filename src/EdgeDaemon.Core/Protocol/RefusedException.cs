using System.Diagnostics.CodeAnalysis;

namespace EdgeDaemon.Core.Protocol;

/// <summary>
/// A request that some stage refused. <see cref="Exception.Message"/> is detail for the log and the record; the caller
/// only ever sees the public text of <see cref="Refusal"/>.
/// </summary>
public sealed class RefusedException : Exception
{
    public RefusedException(Refusal refusal, string detail, Exception? cause = null)
        : base(detail, cause) => Refusal = refusal;

    public Refusal Refusal { get; }

    /// <summary>After which the same request may succeed; null where waiting changes nothing, or nobody knows.</summary>
    public TimeSpan? RetryAfter { get; init; }

    [DoesNotReturn]
    public static void Throw(Refusal refusal, string detail) => throw new RefusedException(refusal, detail);
}
