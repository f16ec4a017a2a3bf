using System.Text.Json;

namespace EdgeDaemon.Client.Transport;

/// <summary>The protocol's error form: <c>{"error": "..."}</c>.</summary>
internal static class ErrorBody
{
    /// <summary>The text; null when the body has another form.</summary>
    public static string? Text(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, WireJson.Default.ErrorForm)?.Error;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
