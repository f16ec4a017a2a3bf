using System.Numerics;
using System.Runtime.Intrinsics;

namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>Packed integers.</summary>
internal ref struct VarintRun(ReadOnlySpan<byte> packed)
{
    // Of ten bytes the last holds the 64th bit alone.
    private const int Longest = 10;

    private const int Block = 32;

    private ReadOnlySpan<byte> _rest = packed;

    /// <summary>How many there are, each looked at.</summary>
    /// <param name="overlong">A number was written in more bytes than it needs.</param>
    /// <exception cref="OnnxFormatException">The run ends in the middle of a number, or one has more than 64 bits.</exception>
    public static long Count(ReadOnlySpan<byte> packed, out bool overlong)
    {
        if (!packed.IsEmpty && packed[^1] >= 0x80)
        {
            throw new OnnxFormatException("packed values end in the middle of a number");
        }

        long count = 0;
        ulong superfluous = 0, before = 0, largeBefore = 0;
        Span<byte> last = stackalloc byte[Block];
        for (; !packed.IsEmpty; packed = packed[Math.Min(Block, packed.Length)..])
        {
            scoped ReadOnlySpan<byte> block = packed;
            if (packed.Length < Block)
            {
                // Ones end no number wrongly and are none too many once they are taken off again.
                last.Fill(1);
                packed.CopyTo(last);
                block = last;
                count -= Block - packed.Length;
            }

            // A bit for each byte: whether the number goes on behind it, whether it is 0, whether it is above 1.
            Vector256<byte> bytes = Vector256.Create(block);
            ulong more = bytes.ExtractMostSignificantBits(), zero = Vector256.Equals(bytes, Vector256<byte>.Zero).ExtractMostSignificantBits();
            ulong large = ~(zero | Vector256.Equals(bytes, Vector256<byte>.One).ExtractMostSignificantBits()) & uint.MaxValue;
            count += Block - BitOperations.PopCount(more);

            // This block behind the one before: numbers lie across.
            ulong both = (more << Block) | before, largeBoth = (large << Block) | largeBefore;
            superfluous |= (zero << Block) & (both << 1);
            ulong two = both & (both >> 1), four = two & (two >> 2), nine = four & (four >> 4) & (both >> 8);
            if ((nine & (largeBoth >> (Longest - 1))) != 0)
            {
                throw new OnnxFormatException("a packed number has more than 64 bits");
            }

            (before, largeBefore) = (more, large);
        }

        overlong = superfluous != 0;
        return count;
    }

    /// <exception cref="OnnxFormatException">As for <see cref="Count"/>.</exception>
    public bool Next(out ulong value)
    {
        value = 0;
        if (_rest.IsEmpty)
        {
            return false;
        }

        for (int i = 0; i < Longest && i < _rest.Length; i++)
        {
            value |= (ulong)(_rest[i] & 0x7F) << (7 * i);
            if (_rest[i] < 0x80)
            {
                _rest = _rest[(i + 1)..];
                return true;
            }
        }

        throw new OnnxFormatException("packed values end in the middle of a number, or one has more than 64 bits");
    }
}
