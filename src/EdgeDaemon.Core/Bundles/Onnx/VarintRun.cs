namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>Packed integers.</summary>
internal ref struct VarintRun(ReadOnlySpan<byte> packed)
{
    private ReadOnlySpan<byte> _rest = packed;

    /// <exception cref="OnnxFormatException">The run ends in the middle of a number, or one has more than 64 bits.</exception>
    public static long Count(ReadOnlySpan<byte> packed)
    {
        long count = 0;
        int length = 0;
        foreach (byte part in packed)
        {
            length++;
            if (part < 0x80)
            {
                count++;
                length = 0;
            }
            else if (length == 10)
            {
                throw new OnnxFormatException("a packed number has more than 64 bits");
            }
        }

        return length == 0 ? count : throw new OnnxFormatException("packed values end in the middle of a number");
    }

    /// <exception cref="OnnxFormatException">As for <see cref="Count"/>.</exception>
    public bool Next(out ulong value)
    {
        value = 0;
        if (_rest.IsEmpty)
        {
            return false;
        }

        for (int i = 0; i < 10 && i < _rest.Length; i++)
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
