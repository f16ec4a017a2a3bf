using System.Globalization;

namespace EdgeDaemon.Client.Rest;

/// <summary>Header names beyond HTTP's own.</summary>
internal static class WireHeaders
{
    /// <summary>Bytes of JSON at the front of a body whose rest is raw tensors (binary tensor data extension).</summary>
    public const string HeadLength = "Inference-Header-Content-Length";

    /// <summary>Null when the answer is JSON alone.</summary>
    public static int? ReadHeadLength(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues(HeadLength, out IEnumerable<string>? values)
            && !response.Content.Headers.TryGetValues(HeadLength, out values))
        {
            return null;
        }

        return int.TryParse(string.Join(',', values), NumberStyles.None, CultureInfo.InvariantCulture, out int length)
            ? length
            : throw new EdgeClientException(EdgeClientFailure.AnswerInvalid, $"the answer's {HeadLength} is not a length");
    }
}
