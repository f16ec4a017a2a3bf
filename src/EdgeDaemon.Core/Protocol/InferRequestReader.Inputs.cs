using System.Text.Json;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol;

/// <content>The entries of <c>inputs</c>: name, shape, datatype, and where the values are.</content>
public static partial class InferRequestReader
{
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

    /// <summary>Refuses a shape whose elements or bytes cannot be counted.</summary>
    internal static void CheckCountable(InferInput input)
    {
        if (!input.Shape.TryElementCount(out long count)
            || (input.Type == ElementType.Bytes ? count > long.MaxValue / BytesTensor.LengthSize : !input.Shape.TryByteCount(input.Type, out _)))
        {
            RefusedException.Throw(Refusal.InputShapeOverflow, $"input '{input.NameText()}' of shape {input.Shape} is too large to count");
        }
    }

    private static void CheckInput(InferInput input)
    {
        CheckCountable(input);
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
}
