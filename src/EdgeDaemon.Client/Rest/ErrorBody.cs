using System.Net;
using System.Text.Json;

namespace EdgeDaemon.Client.Rest;

/// <summary>The protocol's error form, <c>{"error": "..."}</c>; the daemon ends the text with <c> (request ID)</c>.</summary>
internal static class ErrorBody
{
    private const string IdStart = " (request ";

    public static EdgeClientException Refusal(HttpStatusCode status, ReadOnlySpan<byte> body, TimeSpan? retryAfter)
    {
        (string text, string? id) = Split(Text(body) ?? $"HTTP status {(int)status}");
        return new EdgeClientException(status, text, id)
        {
            RetryAfter = retryAfter,
            MayRetry = status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable,
        };
    }

    /// <summary>The public text, and the request's id behind it.</summary>
    public static (string Text, string? Id) Split(string text)
    {
        int id = text.LastIndexOf(IdStart, StringComparison.Ordinal);
        return id >= 0 && text.EndsWith(')') ? (text[..id], text[(id + IdStart.Length)..^1]) : (text, null);
    }

    private static string? Text(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, WireJson.Default.ErrorForm)?.Error;
        }
        catch (JsonException)
        {
            // Another server, or a proxy: its status still says what happened.
            return null;
        }
    }
}
