using System.Buffers.Binary;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol.Grpc;

/// <content>Tensor data: raw entries, and typed contents in the width of their field until the whole message is known.</content>
public sealed partial class ModelInferRequestReader
{
    private const int BoolContents = 1;
    private const int Int32Contents = 2;
    private const int Int64Contents = 3;
    private const int UInt32Contents = 4;
    private const int UInt64Contents = 5;
    private const int Float32Contents = 6;
    private const int Float64Contents = 7;
    private const int BytesContents = 8;

    private TypedData[] _typed = [];
    private ITensorMemory?[] _raw = [];
    private int _rawCount;

    private ref TypedData Typed => ref _typed[_into.Inputs.Length - 1];

    /// <summary>Where the data of an input lie, in wire form; null for a tensor without any. After <see cref="End"/>.</summary>
    public ITensorMemory? DataOf(int input) => _rawCount > 0 ? _raw[input] : _typed[input].Memory;

    private void AddTyped()
    {
        int count = _into.Inputs.Length;
        if (_typed.Length < count)
        {
            Array.Resize(ref _typed, Math.Max(4, 2 * count));
        }

        _typed[count - 1] = default;
    }

    private ITensorMemory AddRaw()
    {
        if (_rawCount == _limits.MaxTensors)
        {
            Refuse(Refusal.HeadTooManyTensors, $"more than {_limits.MaxTensors} raw contents");
        }

        if (_raw.Length == _rawCount)
        {
            Array.Resize(ref _raw, Math.Max(4, 2 * _rawCount));
        }

        return _raw[_rawCount++] = memory();
    }

    private void ForgetTensors()
    {
        Array.Clear(_typed);
        Array.Clear(_raw);
        _rawCount = 0;
    }

    private ITensorMemory MemoryFor(int field)
    {
        ref TypedData typed = ref Typed;
        if (typed.Field != 0 && typed.Field != field)
        {
            Refuse(Refusal.InputContentsField, $"elements in the fields {typed.Field} and {field} of one input's contents");
        }

        typed.Field = field;
        return typed.Memory ??= memory();
    }

    /// <summary>Puts one element down in its field's own width; gives that width.</summary>
    private static int Store(int field, ulong value, Span<byte> room)
    {
        switch (field)
        {
            case BoolContents:
                OutOfRange(value > 1);
                room[0] = (byte)value;
                return 1;
            case Int32Contents:
                OutOfRange((long)value is < int.MinValue or > int.MaxValue);
                BinaryPrimitives.WriteInt32LittleEndian(room, (int)value);
                return sizeof(int);
            case UInt32Contents:
                OutOfRange(value > uint.MaxValue);
                BinaryPrimitives.WriteUInt32LittleEndian(room, (uint)value);
                return sizeof(uint);
            default:
                BinaryPrimitives.WriteUInt64LittleEndian(room, value);
                return sizeof(ulong);
        }
    }

    private static void OutOfRange(bool outside)
    {
        if (outside)
        {
            Refuse(Refusal.InputNumberOutOfRange, "an element is beyond its type");
        }
    }

    private void Conclude()
    {
        int inputs = _into.Inputs.Length;
        if (_rawCount > inputs)
        {
            Refuse(Refusal.BodyTrailingBytes, $"{_rawCount} raw contents for {inputs} inputs");
        }

        for (int i = 0; i < inputs; i++)
        {
            InferInput input = _into.Inputs[i];
            InferRequestReader.CheckCountable(input);
            if (_rawCount > 0)
            {
                ConcludeRaw(input, i);
            }
            else
            {
                ConcludeTyped(input, ref _typed[i]);
            }
        }
    }

    private void ConcludeRaw(InferInput input, int index)
    {
        if (_typed[index].HasContents)
        {
            Refuse(Refusal.InputDataConflict, $"input '{input.NameText()}' has contents beside raw_input_contents");
        }

        if (index >= _rawCount)
        {
            Refuse(Refusal.InputDataMissing, $"input '{input.NameText()}' has no entry in raw_input_contents");
        }

        input.BinarySize = _raw[index]!.Written.Length;
        BinaryBody.CheckSize(input);
    }

    private static void ConcludeTyped(InferInput input, ref TypedData typed)
    {
        input.Shape.TryElementCount(out long count);
        if (!typed.HasContents && count != 0)
        {
            Refuse(Refusal.InputDataMissing, $"input '{input.NameText()}' has neither contents nor raw_input_contents");
        }

        if (typed.Field != 0 && typed.Field != FieldOf(input.Type))
        {
            Refuse(Refusal.InputContentsField, $"input '{input.NameText()}' of {input.Type.WireName()} has elements in field {typed.Field}");
        }

        if (typed.Elements != count)
        {
            Refuse(Refusal.InputWrongElementCount, $"input '{input.NameText()}' of shape {input.Shape} has {typed.Elements} elements");
        }

        if (typed.Memory is { } data)
        {
            Narrow(input.Type, data);
            input.BinarySize = data.Written.Length;
        }
        else
        {
            input.BinarySize = 0;
        }
    }

    // 8 and 16 bits travel as 32: closed up in place, from the front, so that nothing is overwritten before it was read.
    private static void Narrow(ElementType type, ITensorMemory data)
    {
        if (type is not (ElementType.Int8 or ElementType.UInt8 or ElementType.Int16 or ElementType.UInt16))
        {
            return;
        }

        Span<byte> bytes = data.Written;
        int count = bytes.Length / sizeof(int);
        int size = type.Size();
        (int least, int most) = type switch
        {
            ElementType.Int8 => ((int)sbyte.MinValue, (int)sbyte.MaxValue),
            ElementType.UInt8 => (byte.MinValue, byte.MaxValue),
            ElementType.Int16 => (short.MinValue, short.MaxValue),
            _ => (ushort.MinValue, ushort.MaxValue),
        };
        for (int i = 0; i < count; i++)
        {
            // Also right for uint_contents: what is above 2^31 is negative here, and out of range.
            int value = BinaryPrimitives.ReadInt32LittleEndian(bytes[(i * sizeof(int))..]);
            OutOfRange(value < least || value > most);
            bytes[i * size] = (byte)value;
            if (size == sizeof(short))
            {
                bytes[(i * size) + 1] = (byte)(value >> 8);
            }
        }

        data.Truncate(count * size);
    }

    private static int FieldOf(ElementType type) => type switch
    {
        ElementType.Bool => BoolContents,
        ElementType.Int8 or ElementType.Int16 or ElementType.Int32 => Int32Contents,
        ElementType.Int64 => Int64Contents,
        ElementType.UInt8 or ElementType.UInt16 or ElementType.UInt32 => UInt32Contents,
        ElementType.UInt64 => UInt64Contents,
        ElementType.Float32 => Float32Contents,
        ElementType.Float64 => Float64Contents,
        ElementType.Bytes => BytesContents,
        _ => -1, // FP16 and BF16 travel raw only.
    };

    private struct TypedData
    {
        public ITensorMemory? Memory;
        public long Elements;

        /// <summary>The field of the contents that holds elements; 0 before the first.</summary>
        public int Field;
        public bool HasContents;
    }

    private void Elements(ref ReadOnlySpan<byte> bytes)
    {
        ITensorMemory target = Typed.Memory!;
        while (!bytes.IsEmpty && RestOfLevel > 0)
        {
            // A row at a time: as many elements as lie in these bytes at most.
            int row = Math.Min(bytes.Length, 1024);
            Span<byte> room = target.GetSpan(row * sizeof(ulong));
            int used = 0;
            int count = 0;
            while (count < row && RestOfLevel > 0 && TryVarint(ref bytes, out ulong number))
            {
                used += Store(_field, number, room[used..]);
                count++;
            }

            target.Advance(used);
            Typed.Elements += count;
        }

        if (RestOfLevel == 0)
        {
            if (_shift != 0)
            {
                WireFormat.Malformed("packed numbers end in the middle of one");
            }

            _level = Level.Contents;
            NextField();
        }
    }
}
