using System.Net;
using System.Text.Json;

namespace EdgeDaemon.Client.Transport;

/// <summary>The protocol's error form, <c>{"error": "..."}</c>; the daemon ends the text with <c> (request ID)</c>.</summary>
internal static class ErrorBody
{
    private const string IdStart = " (request ";

    public static EdgeClientException Refusal(HttpStatusCode status, ReadOnlySpan<byte> body)
    {
        string text = Text(body) ?? $"HTTP status {(int)status}";
        int id = text.LastIndexOf(IdStart, StringComparison.Ordinal);
        return id >= 0 && text.EndsWith(')')
            ? new EdgeClientException(status, text[..id], text[(id + IdStart.Length)..^1])
            : new EdgeClientException(status, text, null);
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
