namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>Packed integers.</summary>
internal ref struct VarintRun(ReadOnlySpan<byte> packed)
{
    // Of ten bytes the last holds the 64th bit alone.
    private const int Longest = 10;

    private ReadOnlySpan<byte> _rest = packed;

    /// <summary>How many there are, each looked at.</summary>
    /// <param name="overlong">A number was written in more bytes than it needs.</param>
    /// <exception cref="OnnxFormatException">The run ends in the middle of a number, or one has more than 64 bits.</exception>
    public static long Count(ReadOnlySpan<byte> packed, out bool overlong)
    {
        long count = 0, superfluous = 0;
        for (int at = 0; at < packed.Length;)
        {
            int start = at;
            while (at < packed.Length && packed[at] >= 0x80)
            {
                at++;
            }

            if (at == packed.Length)
            {
                throw new OnnxFormatException("packed values end in the middle of a number");
            }

            int more = at - start;
            byte last = packed[at++];
            if (more >= Longest - 1 && (more >= Longest || last > 1))
            {
                throw new OnnxFormatException("a packed number has more than 64 bits");
            }

            superfluous |= (more > 0 && last == 0) ? 1L : 0L;
            count++;
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
