using EdgeDaemon.Core.Protocol.Numbers;

namespace EdgeDaemon.Core.Protocol;

/// <summary>
/// One JSON number (RFC 8259 grammar), split into its first 19 significant digits and a power of ten, with the text
/// itself for the cases where those do not decide. Conversions are correctly rounded for any length and exponent.
/// </summary>
internal ref partial struct JsonNumber
{
    // More than any text has digits to balance it, near enough that sums stay small.
    private const long MaxExponent = 10_000_000_000;

    private static readonly double[] PowersOfTen =
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    private ReadOnlySpan<byte> _token;

    public bool Negative { get; private set; }

    /// <summary>The first 19 significant digits as an integer; 0 only for zero.</summary>
    public ulong Digits { get; private set; }

    /// <summary>True when significant digits were left out of <see cref="Digits"/>.</summary>
    public bool Truncated { get; private set; }

    /// <summary>The value is <see cref="Digits"/> x 10^this (and a little more when truncated).</summary>
    public long Exponent { get; private set; }

    /// <summary>True without fraction and exponent.</summary>
    public bool IsInteger { get; private set; }

    /// <summary>Reads the number at the cursor, which must end at a delimiter.</summary>
    /// <exception cref="RefusedException"><see cref="Refusal.InputNumberInvalid"/>.</exception>
    public static JsonNumber Read(ref JsonCursor cursor)
    {
        var number = new JsonNumber();
        ReadOnlySpan<byte> text = cursor.Json;
        int start = cursor.At;
        int at = start;
        if (at < text.Length && text[at] == '-')
        {
            number.Negative = true;
            at++;
        }

        int integerStart = at;
        ulong digits = 0;
        int kept = 0;
        int dropped = 0;
        for (; at < text.Length && (uint)(text[at] - '0') <= 9; at++)
        {
            number.Take((uint)(text[at] - '0'), ref digits, ref kept, ref dropped);
        }

        int integerLength = at - integerStart;
        bool valid = integerLength > 0 && (text[integerStart] != '0' || integerLength == 1);
        number.IsInteger = true;
        int fractionLength = 0;
        if (at < text.Length && text[at] == '.')
        {
            number.IsInteger = false;
            int fractionStart = ++at;
            for (; at < text.Length && (uint)(text[at] - '0') <= 9; at++)
            {
                number.Take((uint)(text[at] - '0'), ref digits, ref kept, ref dropped);
            }

            fractionLength = at - fractionStart;
            valid &= fractionLength > 0;
        }

        number.Exponent = (long)dropped - fractionLength;
        if (at < text.Length && text[at] is (byte)'e' or (byte)'E')
        {
            number.IsInteger = false;
            at++;
            valid &= number.TakeExponent(text, ref at);
        }

        number.Digits = digits;
        number._token = text[start..at];
        cursor.At = at;
        if (!valid || !cursor.AtDelimiter)
        {
            RefusedException.Throw(Refusal.InputNumberInvalid, $"not a JSON number at byte {start} of data");
        }

        return number;
    }

    /// <summary>The double nearest to a number's text; an infinity beyond the largest.</summary>
    public static double ToDouble(ReadOnlySpan<byte> token)
    {
        var cursor = new JsonCursor(token);
        return Read(ref cursor).ToDouble();
    }

    /// <summary>The magnitude of an integer; false above 2^64-1.</summary>
    public readonly bool TryMagnitude(out ulong magnitude)
    {
        magnitude = Digits;
        if (Exponent == 0)
        {
            return true;
        }

        // Twenty digits are the most that fit: one more than is kept.
        if (Exponent > 1)
        {
            return false;
        }

        UInt128 whole = ((UInt128)Digits * 10) + (uint)(_token[^1] - '0');
        magnitude = (ulong)whole;
        return whole <= ulong.MaxValue;
    }

    /// <summary>The nearest double, ties to even; an infinity beyond the largest.</summary>
    public readonly double ToDouble()
    {
        double magnitude;
        if (Digits == 0)
        {
            magnitude = 0;
        }
        else if (!Truncated && Digits <= 1UL << 53 && Exponent is >= -22 and <= 22)
        {
            // Both operands are exact, so that one operation rounds once (Clinger).
            magnitude = Exponent < 0 ? Digits / PowersOfTen[-Exponent] : Digits * PowersOfTen[Exponent];
        }
        else
        {
            magnitude = EiselLemire.Round(Digits, Exponent);

            // The digits left out lie between these and the next number of 19 digits: where both round alike, so do they.
            if (Truncated && magnitude != EiselLemire.Round(Digits + 1, Exponent))
            {
                magnitude = ToDoubleByText();
            }
        }

        return Negative ? -magnitude : magnitude;
    }

    /// <summary>
    /// The magnitude within 2^-51 of its true value, without looking at more than 19 digits. False where that is not so simple.
    /// </summary>
    public readonly bool TryApproximate(out double magnitude)
    {
        if (Exponent is < -22 or > 22)
        {
            magnitude = 0;
            return false;
        }

        // Three roundings at most: the digits left out, the integer, the division or product by an exact power.
        magnitude = Exponent < 0 ? Digits / PowersOfTen[-Exponent] : Digits * PowersOfTen[Exponent];
        return true;
    }

    private void Take(uint digit, ref ulong digits, ref int kept, ref int dropped)
    {
        if (kept < 19)
        {
            digits = (digits * 10) + digit;
            kept += digits == 0 ? 0 : 1;
        }
        else
        {
            dropped++;
            Truncated |= digit != 0;
        }
    }

    /// <summary>Adds the exponent behind an e to <see cref="Exponent"/>, held within +-10^10. False without digits.</summary>
    private bool TakeExponent(ReadOnlySpan<byte> text, ref int at)
    {
        bool negative = false;
        if (at < text.Length && text[at] is (byte)'+' or (byte)'-')
        {
            negative = text[at] == '-';
            at++;
        }

        long exponent = 0;
        int start = at;
        for (; at < text.Length && (uint)(text[at] - '0') <= 9; at++)
        {
            exponent = Math.Min((exponent * 10) + (text[at] - '0'), MaxExponent);
        }

        Exponent += negative ? -exponent : exponent;
        return at > start;
    }
}
