using System.Text.Json;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Listeners;

namespace EdgeDaemon.Control;

/// <summary>The few bytes that a control request may carry.</summary>
internal sealed class ControlBody(LimitSettings limits)
{
    private const int Most = 1024;

    /// <summary>A route that takes no body: one that comes all the same means that the caller thinks of another route.</summary>
    public static void RefuseAny(HttpExchange exchange)
    {
        if (exchange.ContentLength > 0 || (exchange.ContentLength is null && exchange.HasBody))
        {
            throw new RefusedException(Refusal.BodyTrailingBytes, "control: a body where none belongs");
        }
    }

    /// <summary>The one member of the JSON object that is the body, a text.</summary>
    public async ValueTask<string> ReadTextAsync(HttpExchange exchange, string member)
    {
        exchange.RefuseEncodedBody();
        long length = exchange.ContentLength ?? throw new RefusedException(Refusal.BodyLengthRequired, "control: a body without Content-Length");
        if (length > Most)
        {
            throw new RefusedException(Refusal.BodyTooLarge, $"control: a body of {length} bytes, at most {Most} are read");
        }

        byte[] bytes = new byte[length];
        await new RequestBody(exchange.Body, length, limits, exchange.BodyClock).ReadExactlyAsync(bytes);
        return Text(bytes, member);
    }

    private static string Text(ReadOnlySpan<byte> utf8, string member)
    {
        string? value = null;
        try
        {
            var json = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = 1 });
            json.Read();
            if (json.TokenType != JsonTokenType.StartObject)
            {
                throw new RefusedException(Refusal.HeadWrongFieldType, "control: the body is no JSON object");
            }

            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (!json.ValueTextEquals(member))
                {
                    throw new RefusedException(Refusal.HeadParameterUnsupported, "control: an unknown member");
                }

                json.Read();
                if (json.TokenType != JsonTokenType.String)
                {
                    throw new RefusedException(Refusal.HeadWrongFieldType, $"control: '{member}' is no text");
                }

                if (value is not null)
                {
                    throw new RefusedException(Refusal.HeadDuplicateKey, $"control: '{member}' stands twice");
                }

                value = json.GetString();
            }

            if (json.Read())
            {
                throw new RefusedException(Refusal.HeadMalformedJson, "control: more follows the object");
            }
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            throw new RefusedException(Refusal.HeadMalformedJson, $"control: {malformed.Message}", malformed);
        }

        return value ?? throw new RefusedException(Refusal.HeadMissingField, $"control: '{member}' is missing");
    }
}
