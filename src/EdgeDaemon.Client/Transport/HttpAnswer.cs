using System.Net;

namespace EdgeDaemon.Client.Transport;

/// <summary>A whole answer. <paramref name="HeadLength"/>: bytes of JSON before raw tensors, when the answer says so.</summary>
internal sealed record HttpAnswer(HttpStatusCode Status, byte[] Body, int? HeadLength)
{
    public bool IsGood => (int)Status is >= 200 and < 300;

    /// <summary>This answer, or the refusal that it is.</summary>
    public HttpAnswer OrThrow() => IsGood ? this : throw ErrorBody.Refusal(Status, Body);
}
