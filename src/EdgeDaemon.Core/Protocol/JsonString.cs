using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace EdgeDaemon.Core.Protocol;

/// <summary>One JSON string as an element of BYTES: its text unescaped, as UTF-8.</summary>
internal static class JsonString
{
    private static readonly SearchValues<byte> Stops = SearchValues.Create(
        "\"\\\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u0009\u000a\u000b\u000c\u000d\u000e\u000f\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f"u8);

    /// <summary>
    /// Reads the string whose opening quote the cursor stands on. Returns its unescaped length in bytes and, when
    /// <paramref name="write"/>, has written it to the front of <paramref name="destination"/>.
    /// </summary>
    /// <exception cref="RefusedException">Not a string, or no valid text.</exception>
    public static int Read(ref JsonCursor cursor, Span<byte> destination, bool write)
    {
        if (!cursor.TryTake((byte)'"'))
        {
            RefusedException.Throw(Refusal.HeadWrongFieldType, "an element of BYTES is not a string");
        }

        int length = 0;
        while (true)
        {
            ReadOnlySpan<byte> rest = cursor.Json[cursor.At..];
            int plain = rest.IndexOfAny(Stops);
            if (plain < 0)
            {
                RefusedException.Throw(Refusal.HeadMalformedJson, "a string does not end");
            }

            ReadOnlySpan<byte> run = rest[..plain];
            if (!Utf8.IsValid(run))
            {
                RefusedException.Throw(Refusal.InputTextInvalid, "an element of BYTES is not UTF-8");
            }

            if (write)
            {
                run.CopyTo(destination[length..]);
            }

            length += plain;
            cursor.At += plain + 1;
            switch (rest[plain])
            {
                case (byte)'"':
                    return length;
                case (byte)'\\':
                    Rune rune = ReadEscape(ref cursor);
                    length += write ? rune.EncodeToUtf8(destination[length..]) : rune.Utf8SequenceLength;
                    break;
                default:
                    RefusedException.Throw(Refusal.HeadMalformedJson, "a string holds a control character");
                    break;
            }
        }
    }

    /// <summary>The character of the escape whose backslash lies before the cursor.</summary>
    private static Rune ReadEscape(ref JsonCursor cursor)
    {
        byte kind = cursor.Current;
        cursor.At++;
        switch (kind)
        {
            case (byte)'"' or (byte)'\\' or (byte)'/':
                return new Rune(kind);
            case (byte)'b':
                return new Rune('\b');
            case (byte)'f':
                return new Rune('\f');
            case (byte)'n':
                return new Rune('\n');
            case (byte)'r':
                return new Rune('\r');
            case (byte)'t':
                return new Rune('\t');
            case (byte)'u':
                return ReadCodePoint(ref cursor);
            default:
                throw new RefusedException(Refusal.HeadMalformedJson, "a string holds an unknown escape");
        }
    }

    private static Rune ReadCodePoint(ref JsonCursor cursor)
    {
        char first = ReadHex(ref cursor);
        if (Rune.TryCreate(first, out Rune rune))
        {
            return rune;
        }

        if (char.IsHighSurrogate(first) && cursor.TryTake("\\u"u8) && Rune.TryCreate(first, ReadHex(ref cursor), out rune))
        {
            return rune;
        }

        throw new RefusedException(Refusal.InputTextInvalid, "an element of BYTES holds an unpaired surrogate");
    }

    private static char ReadHex(ref JsonCursor cursor)
    {
        int value = 0;
        for (int i = 0; i < 4; i++, cursor.At++)
        {
            int digit = cursor.Current switch
            {
                >= (byte)'0' and <= (byte)'9' => cursor.Current - '0',
                >= (byte)'a' and <= (byte)'f' => cursor.Current - 'a' + 10,
                >= (byte)'A' and <= (byte)'F' => cursor.Current - 'A' + 10,
                _ => throw new RefusedException(Refusal.HeadMalformedJson, "a string holds an escape without four hexadecimal digits"),
            };
            value = (value << 4) | digit;
        }

        return (char)value;
    }
}
