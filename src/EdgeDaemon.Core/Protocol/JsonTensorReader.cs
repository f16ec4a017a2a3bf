using System.Buffers.Binary;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol;

/// <summary>
/// Reads the <c>data</c> of one input into tensor memory, in wire form (little-endian, row-major). Flat, or nested
/// exactly as the shape says. What each element type accepts: README.md of this folder.
/// </summary>
public static class JsonTensorReader
{
    /// <summary>Fills the whole of <paramref name="destination"/>, whose length must be the tensor's byte count.</summary>
    /// <param name="dataJson">The array with its brackets.</param>
    /// <param name="type">The element type; for BYTES see <see cref="MeasureBytes"/>.</param>
    /// <param name="shape">Without negative dimensions.</param>
    /// <exception cref="RefusedException">The data break a rule; the destination then holds anything.</exception>
    public static void Read(ReadOnlySpan<byte> dataJson, ElementType type, in TensorShape shape, Span<byte> destination)
    {
        if (type != ElementType.Bytes && (!shape.TryByteCount(type, out long bytes) || bytes != destination.Length))
        {
            throw new ArgumentException($"destination has {destination.Length} bytes, not those of {type.WireName()}{shape}", nameof(destination));
        }

        var rows = new Rows(type, destination, measureOnly: false);
        ReadArrays(dataJson, shape, ref rows);
        if (rows.Written != destination.Length)
        {
            throw new ArgumentException($"destination has {destination.Length} bytes, the elements take {rows.Written}", nameof(destination));
        }
    }

    /// <summary>
    /// Bytes that <see cref="Read"/> will fill, to be known before memory is taken: a few bytes of JSON can claim a
    /// shape of any size, but each element takes at least two of them.
    /// </summary>
    /// <exception cref="RefusedException">Fewer bytes of JSON than the elements need; for BYTES any broken rule.</exception>
    public static long Measure(ReadOnlySpan<byte> dataJson, ElementType type, in TensorShape shape)
    {
        if (type == ElementType.Bytes)
        {
            return MeasureBytes(dataJson, shape);
        }

        if (!shape.TryByteCount(type, out long bytes))
        {
            throw new ArgumentException($"{type.WireName()}{shape} has no byte count", nameof(shape));
        }

        if (bytes / type.Size() > dataJson.Length / 2)
        {
            RefusedException.Throw(Refusal.InputWrongElementCount, $"{dataJson.Length} bytes of data cannot hold the elements of {shape}");
        }

        return bytes;
    }

    /// <summary>Bytes that a BYTES tensor takes in wire form: 4 for each element's length, and its text. Judges all of the data.</summary>
    /// <exception cref="RefusedException">The data break a rule.</exception>
    public static long MeasureBytes(ReadOnlySpan<byte> dataJson, in TensorShape shape)
    {
        var rows = new Rows(ElementType.Bytes, default, measureOnly: true);
        ReadArrays(dataJson, shape, ref rows);
        return rows.Written;
    }

    private static void ReadArrays(ReadOnlySpan<byte> dataJson, in TensorShape shape, ref Rows rows)
    {
        if (!shape.TryElementCount(out long count))
        {
            throw new ArgumentException($"shape {shape} has no element count", nameof(shape));
        }

        var cursor = new JsonCursor(dataJson);
        Open(ref cursor);
        cursor.SkipWhiteSpace();
        if (shape.Rank >= 2 && cursor.Current == '[')
        {
            ReadNested(ref cursor, shape, ref rows);
        }
        else
        {
            rows.Read(ref cursor, count);
        }

        cursor.SkipWhiteSpace();
        if (cursor.At != dataJson.Length)
        {
            RefusedException.Throw(Refusal.HeadMalformedJson, "text behind the data array");
        }
    }

    /// <summary>Nested arrays, the outermost open. One counter a level in place of recursion: depth is the shape's, never the text's.</summary>
    private static void ReadNested(ref JsonCursor cursor, in TensorShape shape, ref Rows rows)
    {
        Span<long> seen = stackalloc long[TensorShape.MaxRank];
        int last = shape.Rank - 1;
        int level = 0;
        seen[0] = 0;
        while (level >= 0)
        {
            if (level == last)
            {
                rows.Read(ref cursor, shape[last]);
                level--;
            }
            else if (seen[level] == shape[level])
            {
                Close(ref cursor);
                level--;
            }
            else
            {
                if (seen[level] > 0)
                {
                    Comma(ref cursor);
                }

                Open(ref cursor);
                seen[level]++;
                seen[++level] = 0;
            }
        }
    }

    private static void Open(ref JsonCursor cursor)
    {
        cursor.SkipWhiteSpace();
        if (!cursor.TryTake((byte)'['))
        {
            Refusal refusal = cursor.Current == ']' ? Refusal.InputWrongElementCount : Refusal.InputWrongShape;
            RefusedException.Throw(refusal, $"data has no array at byte {cursor.At} where the shape has one");
        }
    }

    private static void Comma(ref JsonCursor cursor)
    {
        cursor.SkipWhiteSpace();
        if (!cursor.TryTake((byte)','))
        {
            Refusal refusal = cursor.Current == ']' ? Refusal.InputWrongElementCount : Refusal.HeadMalformedJson;
            RefusedException.Throw(refusal, $"an array of data ends early at byte {cursor.At}");
        }
    }

    private static void Close(ref JsonCursor cursor)
    {
        cursor.SkipWhiteSpace();
        if (!cursor.TryTake((byte)']'))
        {
            Refusal refusal = cursor.Current switch
            {
                (byte)',' => Refusal.InputWrongElementCount,
                (byte)'[' => Refusal.InputWrongShape,
                _ => Refusal.HeadMalformedJson,
            };
            RefusedException.Throw(refusal, $"an array of data goes on at byte {cursor.At} where the shape ends");
        }
    }

    /// <summary>
    /// The innermost arrays: a row of elements each, one method for each kind of element. Every method starts behind
    /// an opening bracket, reads exactly the elements of its row and leaves the closing bracket to <see cref="Read"/>.
    /// </summary>
    private ref struct Rows(ElementType type, Span<byte> destination, bool measureOnly)
    {
        private readonly Span<byte> _destination = destination;

        /// <summary>Bytes filled (or measured) so far.</summary>
        public long Written { get; private set; }

        public void Read(ref JsonCursor cursor, long count)
        {
            int at = (int)Math.Min(Written, _destination.Length);
            int size = type.Size();
            Span<byte> row = size == 0 ? _destination[at..] : _destination.Slice(at, (int)count * size);
            switch (type)
            {
                case ElementType.Bool:
                    ReadBooleans(ref cursor, row);
                    break;
                case ElementType.UInt8:
                case ElementType.UInt16:
                case ElementType.UInt32:
                case ElementType.UInt64:
                    ReadUnsigned(ref cursor, row, size);
                    break;
                case ElementType.Int8:
                case ElementType.Int16:
                case ElementType.Int32:
                case ElementType.Int64:
                    ReadSigned(ref cursor, row, size);
                    break;
                case ElementType.Float16:
                    ReadNarrow16<Binary16>(ref cursor, row);
                    break;
                case ElementType.BFloat16:
                    ReadNarrow16<BrainFloat16>(ref cursor, row);
                    break;
                case ElementType.Float32:
                    ReadFloat32(ref cursor, row);
                    break;
                case ElementType.Float64:
                    ReadFloat64(ref cursor, row);
                    break;
                default:
                    ReadStrings(ref cursor, row, count);
                    break;
            }

            if (size != 0)
            {
                Written += row.Length;
            }

            Close(ref cursor);
        }

        private static void ReadBooleans(ref JsonCursor cursor, Span<byte> row)
        {
            for (int i = 0; i < row.Length; i++)
            {
                NextElement(ref cursor, i == 0);
                bool one = cursor.TryTake("true"u8) || cursor.TryTake((byte)'1');
                if ((!one && !cursor.TryTake("false"u8) && !cursor.TryTake((byte)'0')) || !cursor.AtDelimiter)
                {
                    RefusedException.Throw(Refusal.InputNumberInvalid, "an element of BOOL is none of true, false, 1, 0");
                }

                row[i] = one ? (byte)1 : (byte)0;
            }
        }

        private static void ReadUnsigned(ref JsonCursor cursor, Span<byte> row, int size)
        {
            ulong max = ulong.MaxValue >> (64 - (8 * size));
            for (int at = 0; at < row.Length; at += size)
            {
                NextElement(ref cursor, at == 0);
                ulong magnitude = ReadInteger(ref cursor, out bool negative);
                if (magnitude > max || (negative && magnitude != 0))
                {
                    OutOfRange();
                }

                Store(row[at..], magnitude, size);
            }
        }

        private static void ReadSigned(ref JsonCursor cursor, Span<byte> row, int size)
        {
            ulong limit = 1UL << ((8 * size) - 1);
            for (int at = 0; at < row.Length; at += size)
            {
                NextElement(ref cursor, at == 0);
                ulong magnitude = ReadInteger(ref cursor, out bool negative);
                if (magnitude > (negative ? limit : limit - 1))
                {
                    OutOfRange();
                }

                Store(row[at..], negative ? 0 - magnitude : magnitude, size);
            }
        }

        private static void ReadNarrow16<T>(ref JsonCursor cursor, Span<byte> row)
            where T : INarrowFormat
        {
            for (int at = 0; at < row.Length; at += 2)
            {
                NextElement(ref cursor, at == 0);
                if (!NarrowFloat.TryRound<T>(JsonNumber.Read(ref cursor), out uint bits))
                {
                    OutOfRange();
                }

                BinaryPrimitives.WriteUInt16LittleEndian(row[at..], (ushort)bits);
            }
        }

        private static void ReadFloat32(ref JsonCursor cursor, Span<byte> row)
        {
            for (int at = 0; at < row.Length; at += 4)
            {
                NextElement(ref cursor, at == 0);
                if (!NarrowFloat.TryRound<Binary32>(JsonNumber.Read(ref cursor), out uint bits))
                {
                    OutOfRange();
                }

                BinaryPrimitives.WriteUInt32LittleEndian(row[at..], bits);
            }
        }

        private static void ReadFloat64(ref JsonCursor cursor, Span<byte> row)
        {
            for (int at = 0; at < row.Length; at += 8)
            {
                NextElement(ref cursor, at == 0);
                double value = JsonNumber.Read(ref cursor).ToDouble();
                if (!double.IsFinite(value))
                {
                    OutOfRange();
                }

                BinaryPrimitives.WriteDoubleLittleEndian(row[at..], value);
            }
        }

        private void ReadStrings(ref JsonCursor cursor, Span<byte> row, long count)
        {
            long at = 0;
            for (long i = 0; i < count; i++)
            {
                NextElement(ref cursor, i == 0);
                if (cursor.Current != '"')
                {
                    RefusedException.Throw(Refusal.HeadWrongFieldType, "an element of BYTES is not a string");
                }

                Span<byte> element = measureOnly ? default : row[(int)at..];
                int length = JsonString.Read(ref cursor, measureOnly ? default : element[BytesTensor.LengthSize..], !measureOnly);
                if (!measureOnly)
                {
                    BinaryPrimitives.WriteUInt32LittleEndian(element, (uint)length);
                }

                at += BytesTensor.LengthSize + length;
            }

            Written += at;
        }

        /// <summary>Steps to an element, over the comma before it unless it is the first.</summary>
        private static void NextElement(ref JsonCursor cursor, bool first)
        {
            if (!first)
            {
                Comma(ref cursor);
            }

            cursor.SkipWhiteSpace();
            if (cursor.Current is (byte)'[' or (byte)']')
            {
                Refusal refusal = cursor.Current == '[' ? Refusal.InputWrongShape : first ? Refusal.InputWrongElementCount : Refusal.HeadMalformedJson;
                RefusedException.Throw(refusal, $"a bracket in data at byte {cursor.At} where an element is due");
            }
        }

        private static ulong ReadInteger(ref JsonCursor cursor, out bool negative)
        {
            JsonNumber number = JsonNumber.Read(ref cursor);
            if (!number.IsInteger)
            {
                RefusedException.Throw(Refusal.InputNumberInvalid, "an element of an integer type has a fraction or an exponent");
            }

            negative = number.Negative;
            return number.TryMagnitude(out ulong magnitude) ? magnitude : OutOfRange();
        }

        private static void Store(Span<byte> destination, ulong value, int size)
        {
            switch (size)
            {
                case 1:
                    destination[0] = (byte)value;
                    break;
                case 2:
                    BinaryPrimitives.WriteUInt16LittleEndian(destination, (ushort)value);
                    break;
                case 4:
                    BinaryPrimitives.WriteUInt32LittleEndian(destination, (uint)value);
                    break;
                default:
                    BinaryPrimitives.WriteUInt64LittleEndian(destination, value);
                    break;
            }
        }

        private static ulong OutOfRange() =>
            throw new RefusedException(Refusal.InputNumberOutOfRange, "a number does not fit its element type");
    }
}
