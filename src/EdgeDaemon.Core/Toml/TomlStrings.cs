using System.Buffers;
using System.Text;

namespace EdgeDaemon.Core.Toml;

/// <summary>The four kinds of string. A line end inside a multi-line string is always LF in the value.</summary>
internal static class TomlStrings
{
    /// <summary>Any string value; the cursor is at its first quote.</summary>
    public static string ReadValue(ref TomlCursor cursor)
    {
        byte quote = (byte)cursor.Peek;
        if (cursor.Rest.StartsWith(quote == '"' ? "\"\"\""u8 : "'''"u8))
        {
            cursor.Offset += 3;
            return ReadLines(ref cursor, quote);
        }

        return ReadLine(ref cursor);
    }

    /// <summary>A string of one line, which is also the form of a quoted key.</summary>
    public static string ReadLine(ref TomlCursor cursor)
    {
        int start = cursor.Offset;
        byte quote = (byte)cursor.Peek;
        cursor.Offset++;
        int plain = PlainLength(cursor.Rest, quote);
        if (plain < cursor.Rest.Length && cursor.Rest[plain] == quote)
        {
            // Nearly every string: no escape, no buffer.
            string whole = Encoding.UTF8.GetString(cursor.Rest[..plain]);
            cursor.Offset += plain + 1;
            return whole;
        }

        var text = new ArrayBufferWriter<byte>();
        while (true)
        {
            TakePlain(ref cursor, quote, text);
            if (cursor.TryTake(quote))
            {
                return Encoding.UTF8.GetString(text.WrittenSpan);
            }

            if (cursor.Peek == '\\')
            {
                ReadEscape(ref cursor, text);
            }
            else if (cursor.Peek == -1 || cursor.AtNewline())
            {
                throw cursor.Error(start, $"string without closing {(char)quote} on its line");
            }
            else
            {
                cursor.Fail($"{cursor.Name()} is not allowed in a string: write it as an escape in a \"basic\" string");
            }
        }
    }

    private static string ReadLines(ref TomlCursor cursor, byte quote)
    {
        int start = cursor.Offset - 3;
        cursor.TryTakeNewline();
        var text = new ArrayBufferWriter<byte>();
        while (true)
        {
            TakePlain(ref cursor, quote, text);
            if (cursor.Peek == quote)
            {
                if (TakeQuotes(ref cursor, quote, text))
                {
                    return Encoding.UTF8.GetString(text.WrittenSpan);
                }
            }
            else if (cursor.Peek == '\\')
            {
                if (!TrySkipFoldedLines(ref cursor))
                {
                    ReadEscape(ref cursor, text);
                }
            }
            else if (cursor.TryTakeNewline())
            {
                text.Write("\n"u8);
            }
            else if (cursor.Peek == -1)
            {
                throw cursor.Error(start, "multi-line string without its three closing quotes");
            }
            else
            {
                cursor.Fail($"{cursor.Name()} is not allowed in a string: write it as an escape in a \"basic\" string");
            }
        }
    }

    private static void TakePlain(ref TomlCursor cursor, byte quote, ArrayBufferWriter<byte> text)
    {
        int length = PlainLength(cursor.Rest, quote);
        text.Write(cursor.Rest[..length]);
        cursor.Offset += length;
    }

    /// <summary>Everything up to a quote, an escape of a basic string, or a control character.</summary>
    private static int PlainLength(ReadOnlySpan<byte> rest, byte quote)
    {
        int length = 0;
        while (length < rest.Length && rest[length] != quote && !(rest[length] == '\\' && quote == '"')
            && !TomlCursor.IsControl(rest[length]))
        {
            length++;
        }

        return length;
    }

    /// <summary>One or two quotes are text; the last three of three to five close the string.</summary>
    private static bool TakeQuotes(ref TomlCursor cursor, byte quote, ArrayBufferWriter<byte> text)
    {
        int count = cursor.Rest[..Math.Min(5, cursor.Rest.Length)].IndexOfAnyExcept(quote);
        count = count < 0 ? Math.Min(5, cursor.Rest.Length) : count;
        text.Write(cursor.Rest[..(count < 3 ? count : count - 3)]);
        cursor.Offset += count;
        return count >= 3;
    }

    /// <summary>A backslash as the last thing on a line swallows the line end and every blank up to the next text.</summary>
    private static bool TrySkipFoldedLines(ref TomlCursor cursor)
    {
        int start = cursor.Offset;
        cursor.Offset++;
        cursor.SkipBlanks();
        if (!cursor.AtNewline())
        {
            cursor.Offset = start;
            return false;
        }

        do
        {
            cursor.SkipBlanks();
        }
        while (cursor.TryTakeNewline());
        return true;
    }

    private static void ReadEscape(ref TomlCursor cursor, ArrayBufferWriter<byte> text)
    {
        int start = cursor.Offset;
        cursor.Offset++;
        int kind = cursor.Peek;
        cursor.Offset += kind == -1 ? 0 : 1;
        switch (kind)
        {
            case 'b': text.Write("\b"u8); break;
            case 't': text.Write("\t"u8); break;
            case 'n': text.Write("\n"u8); break;
            case 'f': text.Write("\f"u8); break;
            case 'r': text.Write("\r"u8); break;
            case '"': text.Write("\""u8); break;
            case '\\': text.Write("\\"u8); break;
            case 'u': WriteScalar(ref cursor, start, 4, text); break;
            case 'U': WriteScalar(ref cursor, start, 8, text); break;
            default:
                throw cursor.Error(start, "unknown escape: use \\b \\t \\n \\f \\r \\\" \\\\ \\uXXXX \\UXXXXXXXX, or a 'literal' string");
        }
    }

    private static void WriteScalar(ref TomlCursor cursor, int start, int digits, ArrayBufferWriter<byte> text)
    {
        uint value = 0;
        for (int i = 0; i < digits; i++, cursor.Offset++)
        {
            int c = cursor.Peek;
            if (c is -1 or > 127 || !char.IsAsciiHexDigit((char)c))
            {
                throw cursor.Error(start, $"this escape needs {digits} hexadecimal digits");
            }

            value = (value << 4) | (uint)Convert.ToInt32(((char)c).ToString(), 16);
        }

        if (!Rune.TryCreate(value, out Rune rune))
        {
            throw cursor.Error(start, "this escape is not a Unicode scalar value (surrogates and numbers above 10FFFF are none)");
        }

        Span<byte> bytes = stackalloc byte[4];
        text.Write(bytes[..rune.EncodeToUtf8(bytes)]);
    }
}
