using System.Collections.Immutable;
using System.Numerics;
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
    private const int Tile = 512;

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
        Span<ushort> high = stackalloc ushort[Tile];
        Span<uint> cells = stackalloc uint[Tile];
        bool sure = true;
        for (int at = 0; at < values.Length; at += Tile)
        {
            int count = Math.Min(Tile, values.Length - at);
            uint element = first + (uint)at;
            NoiseBits.Fill(path, key, sample, element, high[..((count + PartElements - 1) & -PartElements)]);
            LookUp(high[..count], cells);
            sure &= TryWrite(path, key, sample, element, high[..count], cells, values.Slice(at, count), row.Slice(at, count));
        }

        return sure;
    }

    private static int FloorLog2(ExactRatio value)
    {
        // Both are powers of two times integers that fit 53 and 24 bits; the denominator is a power of two.
        return (int)(value.Numerator.GetBitLength() - value.Denominator.GetBitLength());
    }

    private void LookUp(ReadOnlySpan<ushort> high, Span<uint> cells)
    {
        ref uint table = ref MemoryMarshal.GetArrayDataReference(_cells.Packed);
        ref ushort from = ref MemoryMarshal.GetReference(high);
        ref uint to = ref MemoryMarshal.GetReference(cells);
        for (int i = 0; i < high.Length; i++)
        {
            int bits = Unsafe.Add(ref from, i);
            int mirrored = (bits >> 15) - 1; // All ones below one half.
            Unsafe.Add(ref to, i) = Unsafe.Add(ref table, (bits ^ mirrored) & (FloatCells.Count - 1));
        }
    }

    private bool TryWrite(
        NoisePath path, NoiseKey key, ulong sample, uint element, ReadOnlySpan<ushort> high, ReadOnlySpan<uint> cells, ReadOnlySpan<float> values, Span<float> row)
    {
        bool sure = true;
        int i = 0;
        switch (path)
        {
            case NoisePath.Vector512:
                for (; i <= row.Length - 16; i += 16)
                {
                    for (uint open = WriteVector512(high[i..], cells[i..], values[i..], row[i..]); open != 0; open &= open - 1)
                    {
                        int place = i + BitOperations.TrailingZeroCount(open);
                        sure &= TryResolve(key, sample, element + (uint)place, high[place], cells[place], values[place], ref row[place]);
                    }
                }

                break;
            case NoisePath.Vector256:
                for (; i <= row.Length - 8; i += 8)
                {
                    for (uint open = WriteVector256(high[i..], cells[i..], values[i..], row[i..]); open != 0; open &= open - 1)
                    {
                        int place = i + BitOperations.TrailingZeroCount(open);
                        sure &= TryResolve(key, sample, element + (uint)place, high[place], cells[place], values[place], ref row[place]);
                    }
                }

                break;
        }

        for (; i < row.Length; i++)
        {
            sure &= TryWriteScalar(key, sample, element + (uint)i, high[i], cells[i], values[i], ref row[i]);
        }

        return sure;
    }

    private bool TryWriteScalar(NoiseKey key, ulong sample, uint element, ushort high, uint cell, float value, ref float noisy)
    {
        float steps = value * _perStep;
        float whole = MathF.Round(steps);
        int low = (int)(cell >> FloatCells.WidthBits), width = (int)(cell & FloatCells.MostWidth);
        int least = (high >> 15 != 0 ? low : -(low + width)) + (int)MathF.Floor((steps - whole) * FloatCells.PerStep) + (FloatCells.PerStep / 2);
        if ((least & (FloatCells.PerStep - 1)) + width >= FloatCells.PerStep - 1)
        {
            return TryResolve(key, sample, element, high, cell, value, ref noisy);
        }

        noisy = Noisy((int)whole + (least >> FloatCells.FractionBits));
        return true;
    }

    /// <summary>Draws more bits where the first 16 do not tell on which point of the grid the sum lies.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryResolve(NoiseKey key, ulong sample, uint element, ushort high, uint cell, float value, ref float noisy)
    {
        float steps = value * _perStep;
        float whole = MathF.Round(steps);
        float rest = steps - whole;
        ulong draw = NoiseBits.Draw(key, sample, element, high);
        bool upper = (long)draw < 0;
        bool sure = _cells.TrySearch(upper ? draw : ~draw, upper ? rest : -rest, (int)(cell >> FloatCells.WidthBits), out int noise);
        noisy = Noisy((int)whole + (upper ? noise : -noise));
        return sure;
    }

    // The product is exact: at most 24 bits times a power of two.
    private float Noisy(int point) => point * _step / _divisor;
}
