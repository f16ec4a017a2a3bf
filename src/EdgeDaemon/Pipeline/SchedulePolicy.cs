using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;

namespace EdgeDaemon.Pipeline;

/// <summary>What a request says of its own urgency: the parameters <c>priority</c> and <c>timeout</c> of Triton's schedule policy, the same on both wires.</summary>
/// <param name="Priority">One of <see cref="RequestPriority"/>'s levels.</param>
/// <param name="Timeout">From the request's begin; null without one.</param>
internal readonly record struct SchedulePolicy(int Priority, TimeSpan? Timeout)
{
    /// <exception cref="RefusedException">One of them is no whole number, or negative.</exception>
    public static SchedulePolicy Of(InferRequest request)
    {
        if (request.Parameters.IsEmpty)
        {
            return new SchedulePolicy(RequestPriority.Default, null);
        }

        ulong microseconds = Number(request, "timeout"u8) ?? 0;
        return new SchedulePolicy(
            RequestPriority.Of(Number(request, "priority"u8) ?? 0),
            microseconds == 0 ? null : TimeSpan.FromMicroseconds(Math.Min(microseconds, int.MaxValue * 1000.0)));
    }

    private static ulong? Number(InferRequest request, ReadOnlySpan<byte> name)
    {
        if (!request.TryGetParameter(name, out InferParameter parameter))
        {
            return null;
        }

        return parameter.Kind switch
        {
            InferParameterKind.Integer when parameter.Integer >= 0 => (ulong)parameter.Integer,
            InferParameterKind.UnsignedInteger => parameter.UnsignedInteger,
            _ => throw new RefusedException(Refusal.HeadParameterUnsupported, "priority or timeout is no whole number of 0 or more"),
        };
    }
}
