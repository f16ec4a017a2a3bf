using System.Buffers.Binary;

namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>
/// The first numbers of a repeated field, whether they stand one by one, packed, or in several pieces of both kinds: parsers append
/// every piece, so whoever judges the last piece alone judges another tensor than the runtime builds.
/// </summary>
/// <param name="most">As many are kept; all are counted.</param>
/// <param name="whole">Looks at every integer for <see cref="Largest"/>, not only at those kept: for attributes, which are no weights.</param>
internal sealed class OnnxNumbers(int most, bool whole = false)
{
    private readonly List<long> _integers = [];
    private readonly List<double> _reals = [];

    /// <summary>All of them, kept or not.</summary>
    public long Count { get; private set; }

    /// <summary>The greatest integer of those looked at; 0 when none is above it.</summary>
    public long Largest { get; private set; }

    /// <summary>The first of them, as integers.</summary>
    public IReadOnlyList<long> Integers => _integers;

    /// <summary>The first of them, as reals.</summary>
    public IReadOnlyList<double> Reals => _reals;

    /// <summary>All of them; null when they are more than are kept.</summary>
    public long[]? AllIntegers => Count == _integers.Count ? [.. _integers] : null;

    public double[]? AllReals => Count == _reals.Count ? [.. _reals] : null;

    /// <summary>One more occurrence of an integer field.</summary>
    public void Integer(ref OnnxFields fields)
    {
        if (!fields.IsDelimited)
        {
            Count++;
            Keep((long)fields.Number);
            return;
        }

        Count += VarintRun.Count(fields.Content, out bool overlong);
        if (overlong)
        {
            fields.Overlong();
        }

        if (whole || _integers.Count < most)
        {
            for (var run = new VarintRun(fields.Content); (whole || _integers.Count < most) && run.Next(out ulong value);)
            {
                Keep((long)value);
            }
        }
    }

    /// <summary>One more occurrence of a field of floats (<paramref name="size"/> 4) or doubles (8).</summary>
    public void Real(ref OnnxFields fields, int size)
    {
        if (!fields.IsDelimited)
        {
            Count++;
            Keep(size == sizeof(float) ? BitConverter.UInt32BitsToSingle((uint)fields.Number) : BitConverter.UInt64BitsToDouble(fields.Number));
            return;
        }

        ReadOnlySpan<byte> packed = fields.Content;
        if (packed.Length % size != 0)
        {
            throw new OnnxFormatException("packed values end in the middle of one");
        }

        Count += packed.Length / size;
        for (; !packed.IsEmpty && _reals.Count < most; packed = packed[size..])
        {
            Keep(size == sizeof(float) ? BinaryPrimitives.ReadSingleLittleEndian(packed) : BinaryPrimitives.ReadDoubleLittleEndian(packed));
        }
    }

    /// <summary>One more that has no number, a text for instance.</summary>
    public void Other() => Count++;

    private void Keep(long value)
    {
        Largest = Math.Max(Largest, value);
        if (_integers.Count < most)
        {
            _integers.Add(value);
        }
    }

    private void Keep(double value)
    {
        if (_reals.Count < most)
        {
            _reals.Add(value);
        }
    }
}
