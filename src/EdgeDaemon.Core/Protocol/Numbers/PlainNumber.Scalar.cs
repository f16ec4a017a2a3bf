using System.Buffers.Binary;
using System.Numerics;

namespace EdgeDaemon.Core.Protocol.Numbers;

/// <content>Eight characters at a time in an ordinary register.</content>
public partial struct PlainNumber
{
    private const int MostDigits = 19;
    private const ulong AllZeros = 0x3030303030303030;

    private static ReadOnlySpan<ulong> PowersOfTen => [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

    /// <summary>The path of every processor. Leaves a few numbers with zeros behind the point to the slow path that the other takes; never the other way.</summary>
    public static int TakeScalar(ReadOnlySpan<byte> text, int at, out PlainNumber number)
    {
        number = default;
        if (text.Length - at < Reach)
        {
            return -1;
        }

        number.Negative = text[at] == '-';
        int start = at + (number.Negative ? 1 : 0);
        int end = start;
        int kept = 0;
        ulong digits = 0;
        if (!TryDigits(text, ref end, ref digits, ref kept))
        {
            return -1;
        }

        int whole = end - start;
        if (whole == 0 || (text[start] == '0' && whole > 1))
        {
            return -1;
        }

        number.IsInteger = true;
        if (end < text.Length && text[end] == '.')
        {
            number.IsInteger = false;
            int first = ++end;

            // The zero before a point is no significant digit.
            kept = digits == 0 ? 0 : kept;
            if (!TryDigits(text, ref end, ref digits, ref kept) || end == first)
            {
                return -1;
            }

            number.Exponent = first - end;
        }

        number.Digits = digits;
        return End(text, end, ref number);
    }

    /// <summary>Appends a run of digits; false near the text's end or beyond <see cref="MostDigits"/> in all.</summary>
    private static bool TryDigits(ReadOnlySpan<byte> text, ref int at, ref ulong value, ref int kept)
    {
        while (text.Length - at >= sizeof(ulong))
        {
            ulong word = BinaryPrimitives.ReadUInt64LittleEndian(text[at..]) ^ AllZeros;

            // The high bit of each byte that is no digit; a carry out of one that is none touches only what lies behind it.
            ulong others = ((word + 0x7676767676767676) | word) & 0x8080808080808080;
            int count = BitOperations.TrailingZeroCount(others) / 8;
            kept += count;
            if (kept > MostDigits)
            {
                return false;
            }

            at += count;
            if (count == 8)
            {
                value = (value * 100_000_000) + Sum(word);
                continue;
            }

            // Digits to the high end, zeros before them.
            if (count > 0)
            {
                value = (value * PowersOfTen[count]) + Sum(word << (64 - (8 * count)));
            }

            return true;
        }

        return false;
    }

    /// <summary>Eight digits, the first in the lowest byte, as an integer.</summary>
    private static ulong Sum(ulong digits)
    {
        digits = (digits * 10) + (digits >> 8);
        ulong low = (digits & 0x000000ff000000ff) * 0x000f424000000064;
        ulong high = ((digits >> 16) & 0x000000ff000000ff) * 0x0000271000000001;
        return (low + high) >> 32;
    }
}
