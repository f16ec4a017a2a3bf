using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeDaemon.Core.Smoothing.Noise;

/// <summary>
/// Noise for FP32 inputs: the real sum of input and Gaussian, rounded once to a grid of steps between sigma/128 and sigma/64 (a power of two). The input
/// itself is not rounded: where in its step it lies moves the thresholds. So a certificate needs no deduction, and the low bits of the input are gone.
/// </summary>
internal sealed partial class FloatNoise : RowNoise
{
    private const double LeastSigma = 1e-18, MostSigma = 1e18;

    // Beyond, input + noise would have more bits than a float.
    private const float MostSteps = 1 << 23;

    // Smaller inputs could lose bits when a large step divides them.
    private const float LeastMagnitude = 1e-30f;

    private readonly FloatCells _cells;
    private readonly float _step;
    private readonly float _perStep;
    private readonly float _divisor;

    public FloatNoise(NoiseScale scale)
        : base(scale)
    {
        if (!(scale.SentSigma is >= LeastSigma and <= MostSigma))
        {
            throw new ArgumentException($"a sigma of {scale.Sigma} is {scale.SentSigma} as the caller counts; from {LeastSigma} to {MostSigma} is possible", nameof(scale));
        }

        ExactRatio sigma = ExactRatio.Of(scale.Sigma) * ExactRatio.Of(scale.Divisor);
        int exponent = FloorLog2(sigma) - 6;
        _step = MathF.ScaleB(1, exponent);
        _perStep = MathF.ScaleB(1, -exponent);
        _divisor = scale.Divisor;
        _cells = new FloatCells(sigma.Shifted(-exponent));
    }

    public override int ElementSize => sizeof(float);

    public override float Step => _step;

    public override ImmutableArray<ulong> Thresholds => _cells.Thresholds;

    public override bool Accepts(ReadOnlySpan<byte> input)
    {
        bool good = true;
        foreach (float value in MemoryMarshal.Cast<byte, float>(input))
        {
            good &= MathF.Abs(value * _perStep) <= MostSteps && (value == 0 || _step <= 1 || MathF.Abs(value) >= LeastMagnitude);
        }

        return good;
    }

    internal override bool TryAdd(NoisePath path, NoiseKey key, ulong sample, uint first, ReadOnlySpan<byte> input, Span<float> row)
    {
        Check(first, input.Length, row.Length);
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(input);
        Span<ushort> high = stackalloc ushort[RowTile.Elements];
        Span<uint> cells = stackalloc uint[RowTile.Elements];
        Span<uint> elements = stackalloc uint[OpenDraws.Room];
        Span<ulong> low = stackalloc ulong[OpenDraws.Room];
        bool sure = true;
        for (int at = 0; at < values.Length; at += RowTile.Elements)
        {
            int count = Math.Min(RowTile.Elements, values.Length - at);
            uint element = first + (uint)at;
            NoiseBits.Fill(path, key, sample, element, high[..((count + PartElements - 1) & -PartElements)]);
            LookUp(high[..count], cells);
            var open = new OpenDraws(elements, low, element);
            Span<float> into = row.Slice(at, count);
            Write(path, high, cells, values.Slice(at, count), into, ref open);
            open.Draw(path, key, sample);
            sure &= TryResolve(open, high, cells, values[at..], into);
        }

        return sure;
    }

    // The denominator is a power of two, as that of every double: its logarithm is a whole number.
    private static int FloorLog2(ExactRatio value) => (int)(value.Numerator.GetBitLength() - value.Denominator.GetBitLength());

    private void LookUp(ReadOnlySpan<ushort> high, Span<uint> cells)
    {
        ref uint table = ref MemoryMarshal.GetArrayDataReference(_cells.Packed);
        ref ushort from = ref MemoryMarshal.GetReference(high);
        ref uint to = ref MemoryMarshal.GetReference(cells);
        int i = 0;
        for (; i <= high.Length - 4; i += 4)
        {
            ulong four = Unsafe.As<ushort, ulong>(ref Unsafe.Add(ref from, i));
            Unsafe.Add(ref to, i) = Unsafe.Add(ref table, (nint)(four & FloatCells.IndexMask));
            Unsafe.Add(ref to, i + 1) = Unsafe.Add(ref table, (nint)((four >> 16) & FloatCells.IndexMask));
            Unsafe.Add(ref to, i + 2) = Unsafe.Add(ref table, (nint)((four >> 32) & FloatCells.IndexMask));
            Unsafe.Add(ref to, i + 3) = Unsafe.Add(ref table, (nint)((four >> 48) & FloatCells.IndexMask));
        }

        for (; i < high.Length; i++)
        {
            Unsafe.Add(ref to, i) = Unsafe.Add(ref table, Unsafe.Add(ref from, i) & FloatCells.IndexMask);
        }
    }

    /// <summary>Writes every element, and collects those whose value may not be the right one yet.</summary>
    private void Write(NoisePath path, ReadOnlySpan<ushort> high, ReadOnlySpan<uint> cells, ReadOnlySpan<float> values, Span<float> row, ref OpenDraws open)
    {
        int i = path switch
        {
            NoisePath.Vector512 => WriteVector512(high, cells, values, row, ref open),
            NoisePath.Vector256 => WriteVector256(high, cells, values, row, ref open),
            _ => 0,
        };
        for (; i < row.Length; i++)
        {
            if (!TryWrite(high[i], cells[i], values[i], ref row[i]))
            {
                open.Add(i);
            }
        }
    }

    private bool TryWrite(ushort high, uint cell, float value, ref float noisy)
    {
        float steps = value * _perStep;
        float whole = MathF.Round(steps);
        int low = (int)(cell >> FloatCells.WidthBits), width = (int)(cell & FloatCells.MostWidth);
        int least = (high >> 15 != 0 ? low : -(low + width)) + (int)MathF.Floor((steps - whole) * FloatCells.PerStep) + (FloatCells.PerStep / 2);
        noisy = Noisy((int)whole + (least >> FloatCells.FractionBits));
        return (least & (FloatCells.PerStep - 1)) + width < FloatCells.PerStep - 1;
    }

    private bool TryResolve(OpenDraws open, ReadOnlySpan<ushort> high, ReadOnlySpan<uint> cells, ReadOnlySpan<float> values, Span<float> row)
    {
        bool sure = true;
        for (int i = 0; i < open.Count; i++)
        {
            int place = open.Place(i);
            float steps = values[place] * _perStep;
            float whole = MathF.Round(steps);
            float rest = steps - whole;
            bool upper = high[place] >> 15 != 0;
            sure &= _cells.TrySearch(open.Bits(i, high[place]), upper ? rest : -rest, (int)(cells[place] >> FloatCells.WidthBits), out int noise);
            row[place] = Noisy((int)whole + (upper ? noise : -noise));
        }

        return sure;
    }

    // The product is exact: at most 24 bits times a power of two.
    private float Noisy(int point) => point * _step / _divisor;
}
