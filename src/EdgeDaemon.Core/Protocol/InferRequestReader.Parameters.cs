using System.Text.Json;

namespace EdgeDaemon.Core.Protocol;

/// <content>The request's own <c>parameters</c>.</content>
public static partial class InferRequestReader
{
    private static void ReadRequestParameters(ref HeadReader reader, ProtocolLimits limits, InferRequest into, scoped Span<byte> room)
    {
        if (reader.Token == JsonTokenType.Null)
        {
            return;
        }

        Expect(reader, JsonTokenType.StartObject, "parameters");
        var seen = Seen.None;
        while (reader.NextMember())
        {
            ReadOnlySpan<byte> name = reader.MemberName(room);
            bool binaryOutput = name.SequenceEqual("binary_data_output"u8);
            bool nameless = name.IsEmpty || name.Length > limits.MaxNameBytes;
            reader.ReadValue();
            if (binaryOutput)
            {
                Once(ref seen, Seen.BinaryOutput, "binary_data_output");
                into.BinaryDataOutput = OptionalBoolean(ref reader, "binary_data_output");
            }
            else if (!nameless && (reader.Token is not (JsonTokenType.Null or JsonTokenType.StartObject or JsonTokenType.StartArray) || (reader.Token != JsonTokenType.Null && IsOurs(name))))
            {
                KeepParameter(ref reader, limits, into, name);
            }

            reader.Skip();
        }
    }

    // Of a certification: left out silently, another question would be answered than the one that was asked.
    private static bool IsOurs(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("certify"u8) || name.SequenceEqual("sigma"u8) || name.SequenceEqual("radius"u8) || name.SequenceEqual("radii"u8) || name.SequenceEqual("alpha"u8)
        || name.SequenceEqual("max_samples"u8) || name.SequenceEqual("time_budget_ms"u8) || name.SequenceEqual("certificate"u8) || name.SequenceEqual("reveal_seed"u8);

    private static void KeepParameter(ref HeadReader reader, ProtocolLimits limits, InferRequest into, scoped ReadOnlySpan<byte> nameText)
    {
        if (into.TryGetParameter(nameText, out _))
        {
            RefusedException.Throw(Refusal.HeadDuplicateKey, "a request parameter is given twice");
        }

        if (into.Parameters.Length == limits.MaxParameters)
        {
            RefusedException.Throw(Refusal.HeadTooManyParameters, $"more than {limits.MaxParameters} request parameters");
        }

        nameText.CopyTo(into.ReserveText(nameText.Length));
        TextRange name = into.KeepText(nameText.Length);
        InferParameter parameter;
        switch (reader.Token)
        {
            case JsonTokenType.String:
                TextRange text = KeepText(
                    ref reader, into, limits.MaxParameterTextBytes, Refusal.HeadTooLarge, Refusal.HeadMalformedJson, "a parameter");
                parameter = new InferParameter(name, InferParameterKind.Text, 0, text);
                break;
            case JsonTokenType.Number when reader.IsInteger && reader.TryGetInt64(out long integer):
                parameter = new InferParameter(name, InferParameterKind.Integer, integer, default);
                break;
            case JsonTokenType.Number when reader.IsInteger && reader.TryGetUInt64(out ulong unsigned):
                parameter = new InferParameter(name, InferParameterKind.UnsignedInteger, (long)unsigned, default);
                break;
            case JsonTokenType.Number:
                long bits = BitConverter.DoubleToInt64Bits(JsonNumber.ToDouble(reader.Raw));
                parameter = new InferParameter(name, InferParameterKind.Real, bits, default);
                break;
            case JsonTokenType.StartArray or JsonTokenType.StartObject:
                parameter = new InferParameter(name, InferParameterKind.Compound, 0, default);
                break;
            default:
                parameter = new InferParameter(name, InferParameterKind.Boolean, reader.Boolean ? 1 : 0, default);
                break;
        }

        into.AddParameter(parameter);
    }
}
