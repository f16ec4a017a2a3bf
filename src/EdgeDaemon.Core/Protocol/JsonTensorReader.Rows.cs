using System.Buffers.Binary;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol;

/// <content>The innermost arrays: where the numbers are.</content>
public static partial class JsonTensorReader
{
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
