using System.Numerics;

namespace EdgeDaemon.Core.Smoothing.Noise;

/// <summary>The draws of one tile whose 16 high bits do not tell their value: their places, and then their other bits, drawn for all of them at once.</summary>
internal ref struct OpenDraws(Span<uint> elements, Span<ulong> low, uint first)
{
    /// <summary>Room for a tile and a last group.</summary>
    public const int Room = RowTile.Elements + NoiseBits.LowGroup;

    private readonly Span<uint> _elements = elements;
    private readonly Span<ulong> _low = low;
    private readonly uint _first = first;

    public int Count { get; private set; }

    public void Add(int place) => _elements[Count++] = _first + (uint)place;

    /// <summary>Adds the places that have a bit in <paramref name="mask"/>, from <paramref name="from"/> on.</summary>
    public void Add(int from, ulong mask)
    {
        for (; mask != 0; mask &= mask - 1)
        {
            Add(from + BitOperations.TrailingZeroCount(mask));
        }
    }

    public readonly void Draw(NoisePath path, NoiseKey key, ulong sample)
    {
        int groups = (Count + NoiseBits.LowGroup - 1) & -NoiseBits.LowGroup;
        NoiseBits.FillLow(path, key, sample, _elements[..groups], _low);
    }

    public readonly int Place(int i) => (int)(_elements[i] - _first);

    /// <summary>All 64 bits.</summary>
    public readonly ulong Bits(int i, ushort high) => ((ulong)high << 48) | _low[i];
}

/// <summary>How much of a row is drawn at a time: what stays in the nearest cache.</summary>
internal static class RowTile
{
    public const int Elements = 512;
}
