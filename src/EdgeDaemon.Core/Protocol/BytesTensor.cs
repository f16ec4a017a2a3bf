using System.Buffers.Binary;

namespace EdgeDaemon.Core.Protocol;

/// <summary>The wire form of BYTES: each element is a 4-byte little-endian length and that many bytes.</summary>
public static class BytesTensor
{
    public const int LengthSize = 4;

    /// <summary>Refuses raw bytes that are not exactly <paramref name="elementCount"/> elements.</summary>
    /// <exception cref="RefusedException">
    /// <see cref="Refusal.InputBytesMalformed"/>: an element reaches beyond the end.
    /// <see cref="Refusal.InputWrongElementCount"/>: whole elements, but too few or too many.
    /// </exception>
    public static void Validate(ReadOnlySpan<byte> raw, long elementCount)
    {
        long found = 0;
        while (!raw.IsEmpty)
        {
            if (!TryTake(ref raw, out _))
            {
                RefusedException.Throw(Refusal.InputBytesMalformed, $"element {found} of BYTES reaches beyond the tensor");
            }

            found++;
        }

        if (found != elementCount)
        {
            RefusedException.Throw(Refusal.InputWrongElementCount, $"BYTES holds {found} elements, the shape has {elementCount}");
        }
    }

    /// <summary>Takes the next element from the front; false when there is no whole one.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> raw, out ReadOnlySpan<byte> element)
    {
        element = default;
        if (raw.Length < LengthSize)
        {
            return false;
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(raw);
        if (length > (uint)(raw.Length - LengthSize))
        {
            return false;
        }

        element = raw.Slice(LengthSize, (int)length);
        raw = raw[(LengthSize + (int)length)..];
        return true;
    }
}
