namespace EdgeDaemon.Core.Protocol.Grpc;

/// <summary>One entry of a <c>parameters</c> map: the key, and the value that was given last. No kind: a value that is not set.</summary>
internal readonly ref struct ParameterEntry
{
    private ParameterEntry(ReadOnlySpan<byte> name, InferParameterKind? kind, long bits, ReadOnlySpan<byte> text)
    {
        Name = name;
        Kind = kind;
        Bits = bits;
        Text = text;
    }

    public ReadOnlySpan<byte> Name { get; }

    public InferParameterKind? Kind { get; }

    /// <summary>An integer, the bits of a double, or 0 and 1.</summary>
    public long Bits { get; }

    public ReadOnlySpan<byte> Text { get; }

    public static ParameterEntry Read(ReadOnlySpan<byte> entry)
    {
        ReadOnlySpan<byte> name = default;
        ReadOnlySpan<byte> text = default;
        InferParameterKind? kind = null;
        long bits = 0;
        var fields = new ProtobufCursor(entry);
        while (fields.Next())
        {
            if (fields.Is(1, WireType.Delimited))
            {
                name = fields.Text();
            }
            else if (fields.Is(2, WireType.Delimited))
            {
                Value(fields.Content, ref kind, ref bits, ref text);
            }
        }

        if (kind == InferParameterKind.Real && double.IsNaN(BitConverter.Int64BitsToDouble(bits)))
        {
            RefusedException.Throw(Refusal.HeadParameterUnsupported, "a parameter is NaN");
        }

        return new ParameterEntry(name, kind, bits, text);
    }

    private static void Value(ReadOnlySpan<byte> message, ref InferParameterKind? kind, ref long bits, ref ReadOnlySpan<byte> text)
    {
        var fields = new ProtobufCursor(message);
        while (fields.Next())
        {
            InferParameterKind? read = (fields.Field, fields.Wire) switch
            {
                (1, WireType.Varint) => InferParameterKind.Boolean,
                (2, WireType.Varint) => InferParameterKind.Integer,
                (3, WireType.Delimited) => InferParameterKind.Text,
                (4, WireType.Fixed64) => InferParameterKind.Real,
                (5, WireType.Varint) => fields.Number > long.MaxValue ? InferParameterKind.UnsignedInteger : InferParameterKind.Integer,
                _ => null,
            };
            if (read is null)
            {
                continue;
            }

            kind = read;
            bits = read == InferParameterKind.Boolean ? (fields.Number != 0 ? 1 : 0) : (long)fields.Number;
            text = read == InferParameterKind.Text ? fields.Text() : default;
        }
    }
}
