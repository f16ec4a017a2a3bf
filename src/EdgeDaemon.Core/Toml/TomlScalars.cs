using System.Buffers;
using System.Globalization;
using System.Text;

namespace EdgeDaemon.Core.Toml;

/// <summary>Values without quotes: booleans, integers, floats; dates and times go on to <see cref="TomlDates"/>.</summary>
internal static class TomlScalars
{
    /// <summary>No valid value without quotes holds any other byte, and none of these can follow one.</summary>
    private static readonly SearchValues<byte> Bare = SearchValues.Create(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-_.:"u8);

    public static TomlValue Read(ref TomlCursor cursor)
    {
        int length = cursor.Rest.IndexOfAnyExcept(Bare);
        ReadOnlySpan<byte> token = length < 0 ? cursor.Rest : cursor.Rest[..length];
        token = TomlDates.WithSpaceAndTime(token, cursor.Rest);
        TomlPosition position = cursor.PositionOf(cursor.Offset);
        if (token.IsEmpty)
        {
            throw cursor.Error(position, $"{cursor.Name()} where a value should begin");
        }

        TomlValue value = token switch
        {
            _ when token.SequenceEqual("true"u8) => new TomlBoolean(true, position),
            _ when token.SequenceEqual("false"u8) => new TomlBoolean(false, position),
            _ when TomlDates.LooksLikeOne(token) => TomlDates.Read(ref cursor, token, position),
            _ => ReadNumber(ref cursor, token, position),
        };
        cursor.Offset += token.Length;
        return value;
    }

    private static TomlValue ReadNumber(ref TomlCursor cursor, ReadOnlySpan<byte> token, TomlPosition position)
    {
        if (token.Length > 2 && token[0] == '0' && token[1] is (byte)'x' or (byte)'o' or (byte)'b')
        {
            return ReadRadix(ref cursor, token, position);
        }

        ReadOnlySpan<byte> unsigned = token[0] is (byte)'+' or (byte)'-' ? token[1..] : token;
        if (unsigned.SequenceEqual("inf"u8))
        {
            return new TomlFloat(token[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity, position);
        }

        if (unsigned.SequenceEqual("nan"u8))
        {
            return new TomlFloat(double.NaN, position);
        }

        int whole = CountDigits(unsigned);
        if (whole == 0)
        {
            throw cursor.Error(position, NotAValue(token));
        }

        if (whole > 1 && unsigned[0] == '0')
        {
            throw cursor.Error(position, "a number has no leading zeros");
        }

        if (whole == unsigned.Length)
        {
            return long.TryParse(Digits(token), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)
                ? new TomlInteger(value, position)
                : throw cursor.Error(position, "the integer does not fit in 64 bits");
        }

        return IsFloat(unsigned, whole)
            ? new TomlFloat(double.Parse(Digits(token), NumberStyles.Float, CultureInfo.InvariantCulture), position)
            : throw cursor.Error(position, NotAValue(token));
    }

    private static TomlInteger ReadRadix(ref TomlCursor cursor, ReadOnlySpan<byte> token, TomlPosition position)
    {
        uint radix = token[1] switch { (byte)'x' => 16, (byte)'o' => 8, _ => 2 };
        ulong value = 0;
        bool underscoreAllowed = false;
        foreach (byte c in token[2..])
        {
            if (c == '_' && underscoreAllowed)
            {
                underscoreAllowed = false;
                continue;
            }

            uint digit = char.IsAsciiHexDigit((char)c) ? (uint)(char.IsAsciiDigit((char)c) ? c - '0' : (c | 0x20) - 'a' + 10) : radix;
            if (digit >= radix)
            {
                throw cursor.Error(position, NotAValue(token));
            }

            if (value > ((ulong)long.MaxValue - digit) / radix)
            {
                throw cursor.Error(position, "the integer does not fit in 64 bits");
            }

            value = (value * radix) + digit;
            underscoreAllowed = true;
        }

        return underscoreAllowed ? new TomlInteger((long)value, position) : throw cursor.Error(position, NotAValue(token));
    }

    /// <summary>After the whole part: a fraction, an exponent, or both, and nothing else.</summary>
    private static bool IsFloat(ReadOnlySpan<byte> text, int at)
    {
        if (text[at] == '.')
        {
            int fraction = CountDigits(text[(at + 1)..]);
            at += 1 + fraction;
            if (fraction == 0)
            {
                return false;
            }
        }

        if (at < text.Length && text[at] is (byte)'e' or (byte)'E')
        {
            at++;
            at += at < text.Length && text[at] is (byte)'+' or (byte)'-' ? 1 : 0;
            int exponent = CountDigits(text[at..]);
            at += exponent;
            if (exponent == 0)
            {
                return false;
            }
        }

        return at == text.Length;
    }

    /// <summary>Length of the leading digits, where single underscores may stand between two digits.</summary>
    private static int CountDigits(ReadOnlySpan<byte> text)
    {
        int length = 0;
        while (length < text.Length && (char.IsAsciiDigit((char)text[length])
            || (text[length] == '_' && length > 0 && text[length - 1] != '_' && length + 1 < text.Length
                && char.IsAsciiDigit((char)text[length + 1]))))
        {
            length++;
        }

        return length;
    }

    private static byte[] Digits(ReadOnlySpan<byte> token)
    {
        byte[] digits = new byte[token.Length - token.Count((byte)'_')];
        int length = 0;
        foreach (byte c in token)
        {
            if (c != '_')
            {
                digits[length++] = c;
            }
        }

        return digits;
    }

    private static string NotAValue(ReadOnlySpan<byte> token) =>
        $"{TomlText.Quote(Encoding.ASCII.GetString(token[..Math.Min(token.Length, 80)]))} is not a value: text needs quotes";
}
