using System.Text.Json;
using System.Text.Unicode;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol;

/// <summary>
/// Reads the JSON head of an inference request (Open Inference Protocol v2, REST, with Triton's binary tensor
/// extension) in one pass, without building a document. What is accepted and each refusal: README.md of this folder.
/// </summary>
public static class InferRequestReader
{
    // Six bytes of escape per character at most, so that any name within its bound can be unescaped here.
    private const int NameRoom = 6 * 256;

    [Flags]
    private enum Seen
    {
        None = 0,
        Id = 1,
        Parameters = 2,
        Inputs = 4,
        Outputs = 8,
        Name = 16,
        Shape = 32,
        Type = 64,
        Data = 128,
        BinarySize = 256,
        Binary = 512,
        BinaryOutput = 1024,
        Classification = 2048,
    }

    /// <summary>Resets <paramref name="into"/> and fills it from <paramref name="json"/>; on a refusal it is left reset.</summary>
    /// <exception cref="RefusedException">The head breaks a rule; the only exception that bytes can cause.</exception>
    public static void Read(ReadOnlySpan<byte> json, ProtocolLimits limits, InferRequest into)
    {
        into.Reset();
        bool whole = false;
        try
        {
            if (json.Length > limits.MaxHeadBytes)
            {
                RefusedException.Throw(Refusal.HeadTooLarge, $"head of {json.Length} bytes, at most {limits.MaxHeadBytes}");
            }

            // RFC 8259: JSON between systems is UTF-8. Checked once for the whole head, since the tokeniser does not.
            if (!Utf8.IsValid(json))
            {
                RefusedException.Throw(Refusal.HeadMalformedJson, "the head is not UTF-8");
            }

            var reader = new HeadReader(json, limits.MaxDepth);
            ReadRequest(ref reader, limits, into);
            whole = true;
        }
        catch (JsonException e)
        {
            throw new RefusedException(Refusal.HeadMalformedJson, e.Message, e);
        }
        finally
        {
            if (!whole)
            {
                into.Reset();
            }
        }
    }

    private static void ReadRequest(ref HeadReader reader, ProtocolLimits limits, InferRequest into)
    {
        Span<byte> room = stackalloc byte[NameRoom];
        reader.Read();
        Expect(reader, JsonTokenType.StartObject, "the request");
        var seen = Seen.None;
        while (reader.NextMember())
        {
            ReadOnlySpan<byte> name = reader.MemberName(room);
            if (name.SequenceEqual("inputs"u8))
            {
                Once(ref seen, Seen.Inputs, "inputs");
                reader.ReadValue();
                ReadInputs(ref reader, limits, into, room);
            }
            else if (name.SequenceEqual("outputs"u8))
            {
                Once(ref seen, Seen.Outputs, "outputs");
                reader.ReadValue();
                ReadOutputs(ref reader, limits, into, room);
            }
            else if (name.SequenceEqual("parameters"u8))
            {
                Once(ref seen, Seen.Parameters, "parameters");
                reader.ReadValue();
                ReadRequestParameters(ref reader, limits, into, room);
            }
            else if (name.SequenceEqual("id"u8))
            {
                Once(ref seen, Seen.Id, "id");
                reader.ReadValue();
                ReadId(ref reader, limits, into);
            }
            else
            {
                reader.ReadValue();
                reader.Skip();
            }
        }

        // The reader itself refuses anything but white space behind the document.
        reader.Read();
        Require(seen, Seen.Inputs, "inputs");
    }

    private static void ReadId(ref HeadReader reader, ProtocolLimits limits, InferRequest into)
    {
        if (reader.Token == JsonTokenType.Null)
        {
            return;
        }

        Expect(reader, JsonTokenType.String, "id");
        into.SetId(KeepText(ref reader, into, limits.MaxIdBytes, Refusal.HeadIdTooLong, Refusal.HeadMalformedJson, "id"));
    }

    private static void ReadInputs(ref HeadReader reader, ProtocolLimits limits, InferRequest into, scoped Span<byte> room)
    {
        Expect(reader, JsonTokenType.StartArray, "inputs");
        while (reader.NextElement())
        {
            if (into.Inputs.Length == limits.MaxTensors)
            {
                RefusedException.Throw(Refusal.HeadTooManyTensors, $"more than {limits.MaxTensors} inputs");
            }

            InferInput input = into.AddInput();
            ReadInput(ref reader, limits, into, input, room);
            foreach (InferInput other in into.Inputs[..^1])
            {
                if (other.NameIs(input.Name))
                {
                    RefusedException.Throw(Refusal.InputDuplicate, $"input '{input.NameText()}' is given twice");
                }
            }
        }
    }

    private static void ReadInput(ref HeadReader reader, ProtocolLimits limits, InferRequest into, InferInput input, scoped Span<byte> room)
    {
        Expect(reader, JsonTokenType.StartObject, "an input");
        var seen = Seen.None;
        while (reader.NextMember())
        {
            ReadOnlySpan<byte> name = reader.MemberName(room);
            if (name.SequenceEqual("name"u8))
            {
                Once(ref seen, Seen.Name, "name");
                reader.ReadValue();
                input.NameRange = KeepName(ref reader, limits, into);
            }
            else if (name.SequenceEqual("shape"u8))
            {
                Once(ref seen, Seen.Shape, "shape");
                reader.ReadValue();
                ReadShape(ref reader, ref input.MutableShape);
            }
            else if (name.SequenceEqual("datatype"u8))
            {
                Once(ref seen, Seen.Type, "datatype");
                reader.ReadValue();
                input.Type = ReadType(ref reader, room);
            }
            else if (name.SequenceEqual("parameters"u8))
            {
                Once(ref seen, Seen.Parameters, "parameters");
                reader.ReadValue();
                ReadInputParameters(ref reader, input, room);
            }
            else if (name.SequenceEqual("data"u8))
            {
                Once(ref seen, Seen.Data, "data");
                ReadData(ref reader, input);
            }
            else
            {
                reader.ReadValue();
                reader.Skip();
            }
        }

        Require(seen, Seen.Name, "name");
        Require(seen, Seen.Shape, "shape");
        Require(seen, Seen.Type, "datatype");
        CheckInput(input);
    }

    private static void CheckInput(InferInput input)
    {
        if (!input.Shape.TryElementCount(out long count)
            || (input.Type == ElementType.Bytes ? count > long.MaxValue / BytesTensor.LengthSize : !input.Shape.TryByteCount(input.Type, out _)))
        {
            RefusedException.Throw(Refusal.InputShapeOverflow, $"input '{input.NameText()}' of shape {input.Shape} is too large to count");
        }

        if (input.DataStart >= 0 && input.IsBinary)
        {
            RefusedException.Throw(Refusal.InputDataConflict, $"input '{input.NameText()}' has both data and binary_data_size");
        }

        if (input.DataStart < 0 && !input.IsBinary)
        {
            RefusedException.Throw(Refusal.InputDataMissing, $"input '{input.NameText()}' has neither data nor binary_data_size");
        }
    }

    private static void ReadData(ref HeadReader reader, InferInput input)
    {
        if (reader.TryReadArrayExtent(out int start, out int length))
        {
            input.DataStart = start;
            input.DataLength = length;
        }
        else if (reader.Token != JsonTokenType.Null)
        {
            Expect(reader, JsonTokenType.StartArray, "data");
        }
    }

    private static void ReadShape(ref HeadReader reader, ref TensorShape shape)
    {
        Expect(reader, JsonTokenType.StartArray, "shape");
        while (reader.NextElement())
        {
            if (!reader.IsInteger)
            {
                RefusedException.Throw(Refusal.HeadWrongFieldType, "shape holds something else than integers");
            }

            if (reader.Raw[0] == '-' && !(reader.TryGetInt64(out long negative) && negative == 0))
            {
                RefusedException.Throw(Refusal.InputWrongShape, "shape holds a negative dimension");
            }

            if (!reader.TryGetInt64(out long dimension))
            {
                RefusedException.Throw(Refusal.InputShapeOverflow, "shape holds a dimension above 2^63-1");
            }

            if (!shape.TryAdd(dimension))
            {
                RefusedException.Throw(Refusal.InputWrongShape, $"shape holds more than {TensorShape.MaxRank} dimensions");
            }
        }
    }

    private static ElementType ReadType(ref HeadReader reader, scoped Span<byte> room)
    {
        Expect(reader, JsonTokenType.String, "datatype");
        if (reader.Raw.Length <= room.Length && reader.TryCopyText(room, out int length) && ElementTypes.TryParse(room[..length], out ElementType type))
        {
            return type;
        }

        throw new RefusedException(Refusal.InputUnknownType, "datatype is none of the protocol's");
    }

    private static void ReadInputParameters(ref HeadReader reader, InferInput input, scoped Span<byte> room)
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
            RefuseSharedMemory(name);
            bool known = name.SequenceEqual("binary_data_size"u8);
            reader.ReadValue();
            if (known)
            {
                Once(ref seen, Seen.BinarySize, "binary_data_size");
                ReadBinarySize(ref reader, input);
            }

            reader.Skip();
        }
    }

    private static void ReadBinarySize(ref HeadReader reader, InferInput input)
    {
        if (reader.Token == JsonTokenType.Null)
        {
            return;
        }

        if (!reader.IsInteger)
        {
            RefusedException.Throw(Refusal.HeadWrongFieldType, "binary_data_size is not an integer");
        }

        if (!reader.TryGetInt64(out long size) || size < 0)
        {
            RefusedException.Throw(Refusal.InputWrongByteCount, "binary_data_size is negative or above 2^63-1");
        }

        input.BinarySize = size;
    }

    private static void ReadOutputs(ref HeadReader reader, ProtocolLimits limits, InferRequest into, scoped Span<byte> room)
    {
        if (reader.Token == JsonTokenType.Null)
        {
            return;
        }

        Expect(reader, JsonTokenType.StartArray, "outputs");
        while (reader.NextElement())
        {
            if (into.Outputs.Length == limits.MaxTensors)
            {
                RefusedException.Throw(Refusal.HeadTooManyTensors, $"more than {limits.MaxTensors} outputs");
            }

            InferOutput output = into.AddOutput();
            ReadOutput(ref reader, limits, into, output, room);

            // One output asked for many times multiplied the memory of an answer elsewhere (CVE-2025-33201).
            foreach (InferOutput other in into.Outputs[..^1])
            {
                if (other.NameIs(output.Name))
                {
                    RefusedException.Throw(Refusal.OutputDuplicate, $"output '{output.NameText()}' is asked for twice");
                }
            }
        }
    }

    private static void ReadOutput(ref HeadReader reader, ProtocolLimits limits, InferRequest into, InferOutput output, scoped Span<byte> room)
    {
        Expect(reader, JsonTokenType.StartObject, "an output");
        var seen = Seen.None;
        while (reader.NextMember())
        {
            ReadOnlySpan<byte> name = reader.MemberName(room);
            if (name.SequenceEqual("name"u8))
            {
                Once(ref seen, Seen.Name, "name");
                reader.ReadValue();
                output.NameRange = KeepName(ref reader, limits, into);
            }
            else if (name.SequenceEqual("parameters"u8))
            {
                Once(ref seen, Seen.Parameters, "parameters");
                reader.ReadValue();
                ReadOutputParameters(ref reader, output, room);
            }
            else
            {
                reader.ReadValue();
                reader.Skip();
            }
        }

        Require(seen, Seen.Name, "name");
    }

    private static void ReadOutputParameters(ref HeadReader reader, InferOutput output, scoped Span<byte> room)
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
            RefuseSharedMemory(name);
            bool binary = name.SequenceEqual("binary_data"u8);
            bool classification = name.SequenceEqual("classification"u8);
            reader.ReadValue();
            if (binary)
            {
                Once(ref seen, Seen.Binary, "binary_data");
                output.Binary = OptionalBoolean(ref reader, "binary_data");
            }
            else if (classification)
            {
                Once(ref seen, Seen.Classification, "classification");
                RefuseClassification(ref reader);
            }

            reader.Skip();
        }
    }

    /// <summary>An extension that is not listed: an answer that ignored it would be of another type than the caller expects.</summary>
    private static void RefuseClassification(ref HeadReader reader)
    {
        if (reader.Token != JsonTokenType.Null && !(reader.IsInteger && reader.TryGetInt64(out long count) && count == 0))
        {
            RefusedException.Throw(Refusal.HeadParameterUnsupported, "the classification extension is not served");
        }
    }

    /// <summary>No memory by a name that a caller chose (CVE-2025-23319 and the chain around it).</summary>
    private static void RefuseSharedMemory(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("shared_memory_region"u8)
            || name.SequenceEqual("shared_memory_byte_size"u8)
            || name.SequenceEqual("shared_memory_offset"u8))
        {
            RefusedException.Throw(Refusal.InputSharedMemory, "client-named shared memory is not served");
        }
    }

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
            else if (!nameless && reader.Token is not (JsonTokenType.Null or JsonTokenType.StartObject or JsonTokenType.StartArray))
            {
                KeepParameter(ref reader, limits, into, name);
            }

            reader.Skip();
        }
    }

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
            default:
                parameter = new InferParameter(name, InferParameterKind.Boolean, reader.Boolean ? 1 : 0, default);
                break;
        }

        into.AddParameter(parameter);
    }

    private static bool? OptionalBoolean(ref HeadReader reader, string field)
    {
        if (reader.Token == JsonTokenType.Null)
        {
            return null;
        }

        if (reader.Token is not (JsonTokenType.True or JsonTokenType.False))
        {
            RefusedException.Throw(Refusal.HeadWrongFieldType, $"{field} is not a boolean");
        }

        return reader.Boolean;
    }

    private static TextRange KeepName(ref HeadReader reader, ProtocolLimits limits, InferRequest into)
    {
        Expect(reader, JsonTokenType.String, "name");
        TextRange range = KeepText(ref reader, into, limits.MaxNameBytes, Refusal.HeadNameTooLong, Refusal.InputTextInvalid, "name");
        ReadOnlySpan<byte> name = into.Text(range);
        if (name.IsEmpty || name.ContainsAnyInRange((byte)0, (byte)0x1f) || name.Contains((byte)0x7f))
        {
            RefusedException.Throw(Refusal.InputTextInvalid, "a tensor's name is empty or holds control characters");
        }

        return range;
    }

    private static TextRange KeepText(ref HeadReader reader, InferRequest into, int max, Refusal tooLong, Refusal invalid, string field)
    {
        // An escape takes at most six bytes for one: longer than this cannot fit, so no room is taken for it.
        if (reader.Raw.Length > 6 * (long)max)
        {
            RefusedException.Throw(tooLong, $"{field} is longer than {max} bytes");
        }

        if (!reader.TryCopyText(into.ReserveText(reader.Raw.Length), out int length))
        {
            RefusedException.Throw(invalid, $"{field} holds an unpaired surrogate");
        }

        if (length > max)
        {
            RefusedException.Throw(tooLong, $"{field} is longer than {max} bytes");
        }

        return into.KeepText(length);
    }

    private static void Once(ref Seen seen, Seen member, string name)
    {
        if ((seen & member) != 0)
        {
            RefusedException.Throw(Refusal.HeadDuplicateKey, $"'{name}' is given twice");
        }

        seen |= member;
    }

    private static void Require(Seen seen, Seen member, string name)
    {
        if ((seen & member) == 0)
        {
            RefusedException.Throw(Refusal.HeadMissingField, $"'{name}' is missing");
        }
    }

    private static void Expect(in HeadReader reader, JsonTokenType token, string field)
    {
        if (reader.Token != token)
        {
            RefusedException.Throw(Refusal.HeadWrongFieldType, $"{field} is {reader.Token}, not {token}");
        }
    }
}
