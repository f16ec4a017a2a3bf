using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using EdgeDaemon.Core.Protocol.Numbers;
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
                    ReadNumbers<IntegerElement<byte>>(ref cursor, row);
                    break;
                case ElementType.UInt16:
                    ReadNumbers<IntegerElement<ushort>>(ref cursor, row);
                    break;
                case ElementType.UInt32:
                    ReadNumbers<IntegerElement<uint>>(ref cursor, row);
                    break;
                case ElementType.UInt64:
                    ReadNumbers<IntegerElement<ulong>>(ref cursor, row);
                    break;
                case ElementType.Int8:
                    ReadNumbers<IntegerElement<sbyte>>(ref cursor, row);
                    break;
                case ElementType.Int16:
                    ReadNumbers<IntegerElement<short>>(ref cursor, row);
                    break;
                case ElementType.Int32:
                    ReadNumbers<IntegerElement<int>>(ref cursor, row);
                    break;
                case ElementType.Int64:
                    ReadNumbers<IntegerElement<long>>(ref cursor, row);
                    break;
                case ElementType.Float16:
                    ReadNumbers<Float16Element<Binary16>>(ref cursor, row);
                    break;
                case ElementType.BFloat16:
                    ReadNumbers<Float16Element<BrainFloat16>>(ref cursor, row);
                    break;
                case ElementType.Float32:
                    ReadNumbers<Float32Element>(ref cursor, row);
                    break;
                case ElementType.Float64:
                    ReadNumbers<Float64Element>(ref cursor, row);
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

        private static void ReadNumbers<T>(ref JsonCursor cursor, Span<byte> row)
            where T : INumberElement
        {
            int size = T.Size;
            ReadOnlySpan<byte> text = cursor.Json;
            int next = cursor.At;
            for (int at = 0; at < row.Length; at += size)
            {
                Span<byte> element = row.Slice(at, size);
                int start = PlainStart(text, next, at == 0);
                PlainNumber plain = default;
                int end = start < 0 ? -1 : PlainNumber.Take(text, start, out plain);
                if (end >= 0 && T.TryStore(plain, element))
                {
                    next = end;
                    continue;
                }

                // Everything that is not plain, and every refusal.
                cursor.At = next;
                NextElement(ref cursor, at == 0);
                T.Store(JsonNumber.Read(ref cursor), element);
                next = cursor.At;
            }

            cursor.At = next;
        }

        /// <summary>The index behind the comma, unless the element is the first, and behind white space; -1 where there is no comma.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static int PlainStart(ReadOnlySpan<byte> text, int at, bool first)
        {
            if (!first)
            {
                if ((uint)at >= (uint)text.Length || text[at] != ',')
                {
                    return -1;
                }

                at++;
            }

            while ((uint)at < (uint)text.Length && text[at] <= ' ' && text[at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
            {
                at++;
            }

            return at;
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
    }
}
