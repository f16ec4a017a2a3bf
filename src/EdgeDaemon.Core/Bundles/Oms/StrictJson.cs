using System.Text.Json;
using System.Text.Unicode;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>
/// JSON that has one meaning for every reader: valid UTF-8, no name twice in an object (two parsers would pick different ones),
/// no half surrogate, bounded size, depth and token count, nothing after the value. The same for the outer bundle and the signed statement.
/// </summary>
internal static class StrictJson
{
    /// <summary>Enough for 100,000 signed files; a bound, because the file is read before anything is proven.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    /// <summary>The formats need 8.</summary>
    public const int MaxDepth = 32;

    // "[],[],..." costs 24 bytes of parse table for 3 bytes of text.
    private const int MaxTokens = 2_000_000;

    /// <exception cref="OmsException">With one of the JSON faults.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8, string what)
    {
        if (utf8.Length > MaxBytes)
        {
            throw new OmsException(OmsFault.TooLarge, $"{what} has {utf8.Length} bytes; at most {MaxBytes} are read");
        }

        if (!Utf8.IsValid(utf8.Span))
        {
            throw new OmsException(OmsFault.NotUtf8, $"{what} is not UTF-8");
        }

        try
        {
            Walk(utf8.Span, what);
            return JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = MaxDepth });
        }
        catch (JsonException e)
        {
            throw new OmsException(OmsFault.JsonMalformed, $"{what} is not JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}", e);
        }
    }

    private static void Walk(ReadOnlySpan<byte> utf8, string what)
    {
        // One more than allowed, so that the depth has its own fault rather than the reader's general one.
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth + 1 });
        var names = new HashSet<string>?[MaxDepth + 1];
        int tokens = 0;
        while (reader.Read())
        {
            if (++tokens > MaxTokens)
            {
                throw new OmsException(OmsFault.TooLarge, $"{what} has more than {MaxTokens} JSON tokens");
            }

            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject or JsonTokenType.StartArray when reader.CurrentDepth >= MaxDepth:
                    throw new OmsException(OmsFault.JsonTooDeep, $"{what} nests deeper than {MaxDepth}");
                case JsonTokenType.StartObject:
                    names[reader.CurrentDepth]?.Clear();
                    break;
                case JsonTokenType.PropertyName:
                    // The names inside an object stand one deeper than its brace.
                    string name = Text(ref reader, what);
                    if (!(names[reader.CurrentDepth - 1] ??= []).Add(name))
                    {
                        throw new OmsException(OmsFault.JsonDuplicateName, $"{what} has the name '{Printable.Of(name)}' twice in one object");
                    }

                    break;
                case JsonTokenType.String when reader.ValueIsEscaped:
                    _ = Text(ref reader, what);
                    break;
            }
        }
    }

    private static string Text(ref Utf8JsonReader reader, string what)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new OmsException(OmsFault.JsonMalformed, $"{what} holds half of a surrogate pair", e);
        }
    }
}
