using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace EdgeDaemon.Client.Rest;

/// <summary>A good answer's body as one of the known JSON forms.</summary>
internal static class JsonAnswer
{
    public static T Read<T>(HttpAnswer answer, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(answer.Body, type)
                ?? throw new EdgeClientException(EdgeClientFailure.AnswerInvalid, "the answer is null");
        }
        catch (JsonException error)
        {
            throw new EdgeClientException(
                EdgeClientFailure.AnswerInvalid, "the answer's JSON has another form than this client knows", error);
        }
    }
}
