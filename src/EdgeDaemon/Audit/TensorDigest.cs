namespace EdgeDaemon.Audit;

/// <summary>What a record has instead of tensors. Its length says by what it was made: 28 bytes are GMAC's nonce and tag, 32 SHA-256.</summary>
internal sealed class TensorDigest
{
    /// <summary>Of the longer one.</summary>
    public const int MostBytes = 32;

    private byte[]? _value;
    private int _length;

    public ReadOnlySpan<byte> Value => _value.AsSpan(0, _length);

    /// <summary>Room for the next value.</summary>
    public Span<byte> Begin(int bytes)
    {
        _length = bytes;
        return (_value ??= new byte[MostBytes]).AsSpan(0, bytes);
    }

    public void Clear() => _length = 0;
}
