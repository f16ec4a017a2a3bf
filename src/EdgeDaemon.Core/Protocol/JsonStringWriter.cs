using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace EdgeDaemon.Core.Protocol;

/// <summary>
/// Text as JSON strings, escaped as <see cref="ProtocolJson.Options"/> says, straight into the answer's buffer: the library's writer escapes in
/// memory of a pool that nobody clears.
/// </summary>
internal static class JsonStringWriter
{
    // More than the longest escape, so that every piece takes something: a character beyond the first plane is two of \uXXXX.
    private const int Piece = 64;

    private static readonly JavaScriptEncoder Encoder = ProtocolJson.Options.Encoder!;

    private static readonly SearchValues<byte> Plain = SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (byte)c).Where(c => c is not ((byte)'"' or (byte)'\\'))]);

    /// <summary>It can be copied as it is. Other text than ASCII may be, too, and takes <see cref="WriteInside"/>, which looks closer.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> utf8) => !utf8.ContainsAnyExcept(Plain);

    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> utf8)
    {
        if (IsPlain(utf8))
        {
            var piece = new JsonPiece(output.GetSpan(utf8.Length + 2));
            piece.Add((byte)'"');
            piece.Add(utf8);
            piece.Add((byte)'"');
            output.Advance(piece.Length);
            return;
        }

        output.Write("\""u8);
        WriteInside(output, utf8);
        output.Write("\""u8);
    }

    /// <summary>A surrogate without its other half becomes U+FFFD.</summary>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<char> text)
    {
        Span<char> escaped = stackalloc char[Piece];
        output.Write("\""u8);
        while (!text.IsEmpty)
        {
            Encoder.Encode(text, escaped, out int read, out int made);
            Span<byte> room = output.GetSpan(3 * Piece);
            Utf8.FromUtf16(escaped[..made], room, out _, out int written);
            output.Advance(written);
            text = text[read..];
        }

        output.Write("\""u8);
    }

    /// <summary>The text without its quotes.</summary>
    public static void WriteInside(IBufferWriter<byte> output, ReadOnlySpan<byte> utf8)
    {
        int first = Encoder.FindFirstCharacterToEncodeUtf8(utf8);
        if (first < 0)
        {
            output.Write(utf8);
            return;
        }

        output.Write(utf8[..first]);
        utf8 = utf8[first..];
        while (!utf8.IsEmpty)
        {
            Encoder.EncodeUtf8(utf8, output.GetSpan(Piece), out int read, out int written);
            output.Advance(written);
            utf8 = utf8[read..];
        }
    }

    /// <summary>A text whose copies are to be cleared, into the answer's memory and nowhere else: the encoder is not asked what it copies.</summary>
    /// <param name="output">Its memory is cleared.</param>
    /// <param name="utf8">Printable ASCII, or other UTF-8 without control characters.</param>
    public static void WriteSecret(IBufferWriter<byte> output, ReadOnlySpan<byte> utf8)
    {
        Span<byte> room = output.GetSpan((2 * utf8.Length) + 2);
        int length = 0;
        room[length++] = (byte)'"';
        foreach (byte one in utf8)
        {
            if (one is (byte)'"' or (byte)'\\')
            {
                room[length++] = (byte)'\\';
            }

            room[length++] = one;
        }

        room[length++] = (byte)'"';
        output.Advance(length);
    }
}
