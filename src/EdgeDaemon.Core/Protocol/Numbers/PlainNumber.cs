using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeDaemon.Core.Protocol.Numbers;

/// <summary>
/// A JSON number as nearly all are: at most 19 digits, a short exponent, text behind it. Found and added up 16 or 8 characters at a time.
/// Whatever is not plain is not taken: the caller then reads it with <see cref="JsonNumber"/>, which alone refuses. So nothing is decided
/// here but the value of text that the grammar admits.
/// </summary>
public partial struct PlainNumber
{
    /// <summary>Bytes that must follow the number's start: reads never reach beyond the text.</summary>
    public const int Reach = 32;

    /// <summary>The significant digits as an integer.</summary>
    public ulong Digits { get; private set; }

    /// <summary>The magnitude is <see cref="Digits"/> x 10^this.</summary>
    public int Exponent { get; private set; }

    public bool Negative { get; private set; }

    /// <summary>True without fraction and exponent.</summary>
    public bool IsInteger { get; private set; }

    /// <summary>The index of the delimiter behind the number that starts at <paramref name="at"/>; -1 when it is not plain.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Take(ReadOnlySpan<byte> text, int at, out PlainNumber number) =>
        Ssse3.IsSupported && Sse41.IsSupported ? TakeVector(text, at, out number) : TakeScalar(text, at, out number);

    /// <summary>The path of processors with SSSE3 and SSE4.1 (all that edged starts on, of x86-64); longer texts go the scalar way.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int TakeVector(ReadOnlySpan<byte> text, int at, out PlainNumber number)
    {
        number = default;
        if (text.Length - at < Reach)
        {
            return -1;
        }

        Vector128<byte> digits = Vector128.Create(text.Slice(at, 16)) - Vector128.Create((byte)'0');
        Vector128<byte> isDigit = Vector128.LessThanOrEqual(digits, Vector128.Create((byte)9));
        uint others = ~isDigit.ExtractMostSignificantBits();

        // What the next number waits for is where this one ends: no branch on the sign (in logits it is a coin) and no second load.
        uint sign = others & 1;
        others ^= sign;
        int whole = (int)uint.TrailingZeroCount(others);
        bool point = text[at + whole] == '.';
        int end = point ? (int)uint.TrailingZeroCount(others & (others - 1)) : whole;
        int start = (int)sign;
        if (end >= 16)
        {
            return sign != 0 && text[at] != '-' ? -1 : TakeLong(text, at, digits & isDigit, others & ushort.MaxValue, out number);
        }

        // Something else than a sign; no digit before the point or behind it; a digit behind a leading zero.
        if ((sign != 0 && text[at] != '-') || whole == start || (point && end == whole + 1) || (text[at + start] == '0' && whole > start + 1))
        {
            return -1;
        }

        int fraction = point ? end - whole - 1 : 0;
        number.Negative = sign != 0;
        number.Digits = Sum(digits & isDigit, start, whole, whole - start + fraction);
        number.Exponent = -fraction;
        number.IsInteger = !point;
        return End(text, at + end, ref number);
    }

    /// <summary>Seventeen to thirty-one characters, the last sixteen of them digits: a double's text. Others go the scalar way.</summary>
    private static int TakeLong(ReadOnlySpan<byte> text, int at, Vector128<byte> digits, uint others, out PlainNumber number)
    {
        number = default;
        Vector128<byte> more = Vector128.Create(text.Slice(at + 16, 16)) - Vector128.Create((byte)'0');
        others |= ~Vector128.LessThanOrEqual(more, Vector128.Create((byte)9)).ExtractMostSignificantBits() << 16;
        int start = text[at] == '-' ? 1 : 0;
        int whole = BitOperations.TrailingZeroCount(others);
        bool point = whole < Reach && text[at + whole] == '.';
        int end = point ? BitOperations.TrailingZeroCount(others & (others - 1)) : whole;
        int fraction = point ? end - whole - 1 : 0;
        int count = whole - start + fraction;
        if (end >= Reach || (point ? fraction : count) < 16 || whole == start || (text[at + start] == '0' && whole > start + 1))
        {
            return TakeScalar(text, at, out number);
        }

        ulong head = Sum(digits, start, whole, count - 16);
        if (head >= 1000)
        {
            return -1;
        }

        number.Negative = start != 0;
        number.Digits = (head * 10_000_000_000_000_000) + Sum(Vector128.Create(text.Slice(at + end - 16, 16)) - Vector128.Create((byte)'0'));
        number.Exponent = -fraction;
        number.IsInteger = !point;
        return End(text, at + end, ref number);
    }

    /// <summary>The digits around a point, moved together to the right end, as one integer. What is no digit is zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Sum(Vector128<byte> digits, int start, int whole, int count)
    {
        // Where each of the 16 places comes from: negative ones become zeros, those behind the point come from one further on.
        Vector128<sbyte> source = Vector128<sbyte>.Indices + Vector128.Create((sbyte)(start + count - 16));
        source -= Vector128.GreaterThan(source, Vector128.Create((sbyte)(whole - 1)));
        return Sum(Ssse3.Shuffle(digits, source.AsByte()));
    }

    /// <summary>Sixteen digits as one integer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Sum(Vector128<byte> digits)
    {
        Vector128<short> pairs = Ssse3.MultiplyAddAdjacent(digits, Vector128.Create((short)0x010a).AsSByte());
        Vector128<int> fours = Sse2.MultiplyAddAdjacent(pairs, Vector128.Create(0x00010064).AsInt16());
        Vector128<short> narrow = Sse41.PackUnsignedSaturate(fours, fours).AsInt16();
        ulong eights = Sse2.MultiplyAddAdjacent(narrow, Vector128.Create(0x00012710).AsInt16()).AsUInt64().ToScalar();
        return ((eights & uint.MaxValue) * 100_000_000) + (eights >> 32);
    }

    /// <summary>Where the number ends, if it ends here; -1 otherwise.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int End(ReadOnlySpan<byte> text, int end, ref PlainNumber number) =>
        (uint)end < (uint)text.Length && text[end] == ',' ? end : EndBeforeOther(text, end, ref number);

    /// <summary>An exponent of one to three digits, or none; then a delimiter.</summary>
    private static int EndBeforeOther(ReadOnlySpan<byte> text, int at, ref PlainNumber number)
    {
        if (at < text.Length && text[at] is (byte)'e' or (byte)'E')
        {
            at++;
            bool negative = at < text.Length && text[at] == '-';
            at += negative || (at < text.Length && text[at] == '+') ? 1 : 0;
            int first = at;
            int value = 0;
            for (; at < text.Length && (uint)(text[at] - '0') <= 9; at++)
            {
                if (at == first + 3)
                {
                    return -1;
                }

                value = (value * 10) + (text[at] - '0');
            }

            if (at == first)
            {
                return -1;
            }

            number.Exponent += negative ? -value : value;
            number.IsInteger = false;
        }

        return at < text.Length && text[at] is (byte)',' or (byte)']' or (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t' ? at : -1;
    }
}
