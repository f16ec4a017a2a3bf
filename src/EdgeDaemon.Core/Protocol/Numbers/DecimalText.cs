using System.Buffers.Binary;
using System.Numerics;

namespace EdgeDaemon.Core.Protocol.Numbers;

/// <summary>Digits and a power of ten as JSON text: plain notation from 0.00001 to 17 digits before the point, an exponent beyond.</summary>
public static class DecimalText
{
    /// <summary>Bytes to have ready: the longest text has 25, but whole words are written and then shortened.</summary>
    public const int Room = 64;

    private const int Width = 24;
    private const int LeastPoint = -4;
    private const int GreatestPoint = 17;
    private const ulong AllZeros = 0x3030303030303030;

    /// <summary>Bytes written.</summary>
    /// <param name="destination">At least <see cref="Room"/> bytes.</param>
    /// <param name="negative">Puts a minus sign in front.</param>
    /// <param name="digits">Not zero, at most 17 digits; zeros at the end are dropped.</param>
    /// <param name="exponent">The magnitude is digits x 10^this.</param>
    public static int Write(Span<byte> destination, bool negative, ulong digits, int exponent)
    {
        // The digits at the end of Width bytes, and as many bytes of anything behind them for copies of one length.
        Span<byte> text = stackalloc byte[2 * Width];
        int written = Lay(destination, text, negative, digits, exponent);
        text.Clear(); // A stack that nobody goes down again would keep a number of one tenant's answer.
        return written;
    }

    private static int Lay(Span<byte> destination, Span<byte> text, bool negative, ulong digits, int exponent)
    {
        int first = Spread(digits, text, out int trailing);
        int count = Width - first - trailing;
        int point = Width - first + exponent;
        destination[0] = (byte)'-';
        int at = negative ? 1 : 0;
        if (point is > 0 and <= GreatestPoint)
        {
            text.Slice(first, Width).CopyTo(destination.Slice(at, Width));
            if (count <= point)
            {
                destination.Slice(at + count, point - count).Fill((byte)'0');
                return at + point;
            }

            text.Slice(first + point, Width).CopyTo(destination.Slice(at + point + 1, Width));
            destination[at + point] = (byte)'.';
            return at + count + 1;
        }

        if (point is >= LeastPoint and <= 0)
        {
            "0.0000000"u8[..8].CopyTo(destination.Slice(at, 8));
            text.Slice(first, Width).CopyTo(destination.Slice(at + 2 - point, Width));
            return at + 2 - point + count;
        }

        text.Slice(first, Width).CopyTo(destination.Slice(at + 1, Width));
        destination[at] = destination[at + 1];
        destination[at + 1] = (byte)'.';
        at += count == 1 ? 1 : count + 1;
        return at + WriteExponent(destination[at..], point - 1);
    }

    private static int WriteExponent(Span<byte> destination, int exponent)
    {
        destination[0] = (byte)'e';
        destination[1] = (byte)(exponent < 0 ? '-' : '+');
        int at = 2;
        int magnitude = Math.Abs(exponent);
        if (magnitude >= 100)
        {
            destination[at++] = (byte)('0' + (magnitude / 100));
            magnitude %= 100;
        }

        destination[at++] = (byte)('0' + (magnitude / 10));
        destination[at++] = (byte)('0' + (magnitude % 10));
        return at;
    }

    /// <summary>Writes 24 digits, leading zeros included. The index of the first that is not zero; how many at the end are.</summary>
    private static int Spread(ulong digits, Span<byte> text, out int trailing)
    {
        ulong high = digits / 100_000_000;
        ulong low = Eight((uint)(digits - (high * 100_000_000)));
        BinaryPrimitives.WriteUInt64LittleEndian(text[16..], low | AllZeros);
        if (high == 0)
        {
            trailing = BitOperations.LeadingZeroCount(low) / 8;
            return 16 + (BitOperations.TrailingZeroCount(low) / 8);
        }

        ulong top = high / 100_000_000;
        ulong middle = Eight((uint)(high - (top * 100_000_000)));
        BinaryPrimitives.WriteUInt64LittleEndian(text[8..], middle | AllZeros);
        text[7] = (byte)('0' + top);
        trailing = low != 0 ? BitOperations.LeadingZeroCount(low) / 8
            : middle != 0 ? 8 + (BitOperations.LeadingZeroCount(middle) / 8)
            : 16;
        return top != 0 ? 7 : 8 + (BitOperations.TrailingZeroCount(middle) / 8);
    }

    /// <summary>Eight digits of a number below 10^8, one in each byte, the first in the lowest.</summary>
    private static ulong Eight(uint value)
    {
        // Halves, quarters, digits: each step divides all parts at once by a multiplication that is exact for their size.
        ulong fours = (value / 10_000) | ((ulong)(value % 10_000) << 32);
        ulong hundreds = ((fours * 10_486) >> 20) & 0x0000007f_0000007f;
        ulong twos = hundreds | ((fours - (100 * hundreds)) << 16);
        ulong tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
        return tens | ((twos - (10 * tens)) << 8);
    }
}
