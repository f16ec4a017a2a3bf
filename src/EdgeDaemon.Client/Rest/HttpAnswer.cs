using System.Net;

namespace EdgeDaemon.Client.Rest;

/// <summary>A whole answer, with what its head says of a next try.</summary>
internal sealed record HttpAnswer(HttpStatusCode Status, byte[] Body, TimeSpan? RetryAfter)
{
    public bool IsGood => (int)Status is >= 200 and < 300;

    /// <summary>This answer, or the refusal that it is.</summary>
    public HttpAnswer OrThrow() => IsGood ? this : throw ErrorBody.Refusal(Status, Body, RetryAfter);
}
