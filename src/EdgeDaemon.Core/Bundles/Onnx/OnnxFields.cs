namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>The fields of one message that ONNX knows, one after the other; what it does not know becomes a finding and is passed over.</summary>
internal ref struct OnnxFields(ReadOnlySpan<byte> content, OnnxMessage message, OnnxFindings findings, string place)
{
    private ProtobufCursor _cursor = new(content);
    private uint _seen;

    public readonly int Field => _cursor.Field;

    public readonly ReadOnlySpan<byte> Content => _cursor.Content;

    public readonly ulong Number => _cursor.Number;

    public readonly bool IsDelimited => _cursor.IsDelimited;

    /// <summary>What stands wrong in the field just read beyond its message: superfluous bytes of packed numbers.</summary>
    public readonly void Overlong() =>
        findings.Danger(OnnxRule.NotCanonical, place, $"field {_cursor.Field} of {message.Name} holds a number with superfluous bytes");

    /// <exception cref="OnnxFormatException">The bytes are no protobuf message.</exception>
    public bool Next()
    {
        while (_cursor.Next())
        {
            if (_cursor.WasOverlong)
            {
                Overlong();
            }

            if (!message.Has(_cursor.Field, _cursor.Wire))
            {
                findings.Danger(OnnxRule.UnknownField, place, $"{message.Name} has no field {_cursor.Field} of wire type {_cursor.Wire}");
                continue;
            }

            uint bit = 1u << _cursor.Field;
            if ((_seen & bit) != 0 && message.IsSingular(_cursor.Field))
            {
                findings.Danger(OnnxRule.FieldTwice, place, $"field {_cursor.Field} of {message.Name} stands there twice");
            }

            _seen |= bit;
            return true;
        }

        return false;
    }
}
