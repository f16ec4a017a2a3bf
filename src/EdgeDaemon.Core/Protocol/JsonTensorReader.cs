using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol;

/// <summary>
/// Reads the <c>data</c> of one input into tensor memory, in wire form (little-endian, row-major). Flat, or nested
/// exactly as the shape says. What each element type accepts: README.md of this folder.
/// </summary>
public static partial class JsonTensorReader
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
}
