using System.Buffers.Text;
using System.Globalization;

namespace EdgeDaemon.Core.Protocol;

/// <content>The slow ways, for numbers whose first 19 digits do not decide: all of the text counts.</content>
internal ref partial struct JsonNumber
{
    // 767 digits decide any double; the ones behind them count only as "something follows".
    private const int DecidingDigits = 770;

    /// <summary>The sign of (true magnitude - <paramref name="magnitude"/>), for a double of at most 113 decimal digits, not zero.</summary>
    public readonly int CompareMagnitude(double magnitude)
    {
        Span<byte> mine = stackalloc byte[DecidingDigits + 1];
        int sign = CompareMagnitude(magnitude, mine);
        mine.Clear(); // As in DecimalText: a caller's digits do not stay on a stack.
        return sign;
    }

    private readonly int CompareMagnitude(double magnitude, Span<byte> mine)
    {
        int length = CopyDigits(mine, out long point);

        // d.ddd...E+xxx: halfway points between narrow floats have at most 113 digits, so that this text is exact.
        Span<byte> text = stackalloc byte[160];
        magnitude.TryFormat(text, out int written, "E120", CultureInfo.InvariantCulture);
        Span<byte> exponentText = text[..written][(text[..written].IndexOf((byte)'E') + 1)..];
        int exponent = int.Parse(exponentText, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        text[1] = text[0];
        ReadOnlySpan<byte> other = text.Slice(1, 121);
        if (point != exponent + 1)
        {
            return point > exponent + 1 ? 1 : -1;
        }

        for (int i = 0; i < Math.Max(length, other.Length); i++)
        {
            int a = i < length ? mine[i] : '0';
            int b = i < other.Length ? other[i] : '0';
            if (a != b)
            {
                return a > b ? 1 : -1;
            }
        }

        return 0;
    }

    private readonly double ToDoubleByText()
    {
        Span<byte> text = stackalloc byte[DecidingDigits + 1 + 16];
        double value = ToDouble(text);
        text.Clear();
        return value;
    }

    private readonly double ToDouble(Span<byte> text)
    {
        int length = CopyDigits(text[..(DecidingDigits + 1)], out long point);
        if (point > 310)
        {
            return double.PositiveInfinity;
        }

        if (point < -330)
        {
            return 0;
        }

        text[length] = (byte)'e';
        Utf8Formatter.TryFormat(point - length, text[(length + 1)..], out int exponentLength);
        if (!double.TryParse(text[..(length + 1 + exponentLength)], NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out double value))
        {
            throw new InvalidOperationException("a normalised decimal did not parse");
        }

        return value;
    }

    /// <summary>
    /// The significant digits, at most 770 and a 1 for whatever follows; the value is 0.ddd x 10^<paramref name="point"/>.
    /// </summary>
    private readonly int CopyDigits(Span<byte> destination, out long point)
    {
        int length = 0;
        long leadingZeros = 0;
        long integerDigits = 0;
        bool fraction = false;
        bool started = false;
        bool tail = false;
        int at = Negative ? 1 : 0;
        for (; at < _token.Length; at++)
        {
            byte c = _token[at];
            if (c == '.')
            {
                fraction = true;
                continue;
            }

            if (c is (byte)'e' or (byte)'E')
            {
                break;
            }

            if (!fraction)
            {
                integerDigits++;
            }

            if (!started && c == '0')
            {
                leadingZeros++;
                continue;
            }

            started = true;
            if (length < DecidingDigits)
            {
                destination[length++] = c;
            }
            else
            {
                tail |= c != '0';
            }
        }

        if (tail)
        {
            destination[length++] = (byte)'1';
        }

        // Zeros at the end say nothing, but .NET's Utf8Parser takes them for a remainder and rounds a middle up.
        while (length > 1 && destination[length - 1] == '0')
        {
            length--;
        }

        point = integerDigits - leadingZeros + ExponentPart(at);
        return length;
    }

    private readonly long ExponentPart(int at)
    {
        if (at >= _token.Length)
        {
            return 0;
        }

        var copy = new JsonNumber();
        at++;
        copy.TakeExponent(_token, ref at);
        return copy.Exponent;
    }
}
