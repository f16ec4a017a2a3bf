using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeDaemon.Core.Smoothing.Noise;

/// <summary>Noise for UINT8 inputs: whole steps of the caller's numbers, added as integers and cut to the law's reach, then one division.</summary>
internal sealed partial class ByteNoise : RowNoise
{
    /// <summary>The values of a byte span this many steps: the unit in which the reach k counts.</summary>
    private const int Span = 255;
    private const double LeastSteps = 0.5, MostSteps = 4080;
    private const int Cells = 1 << 15;
    private const int CellMask = Cells - 1;

    // The number of steps of every draw whose 16 high bits, without the sign, are the index; -1 - m where they do not tell, and m steps at least.
    private readonly short[] _steps = new short[Cells];
    private readonly ImmutableArray<ulong> _thresholds;
    private readonly float _divisor;

    // Noisy values are cut to these: k spans beyond the values of a byte, k = max(1, floor(6 sigma)) with sigma in spans.
    private readonly short _least, _most;

    public ByteNoise(NoiseScale scale)
        : base(scale)
    {
        if (!(scale.SentSigma is >= LeastSteps and <= MostSteps))
        {
            throw new ArgumentException($"a sigma of {scale.Sigma} is {scale.SentSigma} steps of a UINT8 input; from {LeastSteps} to {MostSteps} steps are possible", nameof(scale));
        }

        ExactRatio steps = ExactRatio.Of(scale.Sigma) * ExactRatio.Of(scale.Divisor);
        int reach = Math.Max(1, (int)new ExactRatio(6 * steps.Numerator, Span * steps.Denominator).Floor());
        _divisor = scale.Divisor;
        _least = (short)(-reach * Span);
        _most = (short)((reach + 1) * Span);
        _thresholds = NormalThresholds.Compute(steps, _most);
        FillCells();
    }

    public override int ElementSize => 1;

    public override float Step => 1;

    public override ImmutableArray<ulong> Thresholds => _thresholds;

    public override bool Accepts(ReadOnlySpan<byte> input) => true;

    internal override bool TryAdd(NoisePath path, NoiseKey key, ulong sample, uint first, ReadOnlySpan<byte> input, Span<float> row)
    {
        Check(first, input.Length, row.Length);
        Span<ushort> high = stackalloc ushort[RowTile.Elements];
        Span<short> steps = stackalloc short[RowTile.Elements];
        Span<uint> elements = stackalloc uint[OpenDraws.Room];
        Span<ulong> low = stackalloc ulong[OpenDraws.Room];
        bool sure = true;
        for (int at = 0; at < input.Length; at += RowTile.Elements)
        {
            int count = Math.Min(RowTile.Elements, input.Length - at);
            uint element = first + (uint)at;
            NoiseBits.Fill(path, key, sample, element, high[..((count + PartElements - 1) & -PartElements)]);
            LookUp(high[..count], steps);
            var open = new OpenDraws(elements, low, element);
            Collect(path, steps[..count], ref open);
            open.Draw(path, key, sample);
            sure &= TryResolve(open, high, steps);
            Write(path, high[..count], steps, input.Slice(at, count), row.Slice(at, count));
        }

        return sure;
    }

    /// <summary>How many steps a draw gives without its sign, when it gives <paramref name="steps"/> at least and there is a threshold that far.</summary>
    /// <returns>False when the draw lies in doubt at a threshold.</returns>
    internal bool TrySearch(ulong draw, ref int steps)
    {
        ReadOnlySpan<ulong> thresholds = _thresholds.AsSpan();
        draw |= 1UL << 63;

        // Nearly always one threshold lies in a cell: a sum where a jump would be a coin's toss.
        steps += draw > thresholds[steps] ? 1 : 0;
        while ((uint)steps < (uint)thresholds.Length && draw > thresholds[steps])
        {
            steps++;
        }

        return (uint)steps >= (uint)thresholds.Length || draw != thresholds[steps];
    }

    private void FillCells()
    {
        int steps = 0;
        for (int cell = 0; cell < Cells; cell++)
        {
            ulong low = (1UL << 63) + ((ulong)cell << 48), high = low + ((1UL << 48) - 1);
            while (steps < _thresholds.Length && _thresholds[steps] < low)
            {
                steps++;
            }

            bool whole = steps == _thresholds.Length || _thresholds[steps] > high;
            _steps[cell] = (short)(whole ? steps : -1 - steps);
        }
    }

    // One load for each element: .NET offers gathering instructions over pointers only, and no processor is much quicker with them.
    private void LookUp(ReadOnlySpan<ushort> high, Span<short> steps)
    {
        ref short table = ref MemoryMarshal.GetArrayDataReference(_steps);
        ref ushort from = ref MemoryMarshal.GetReference(high);
        ref short to = ref MemoryMarshal.GetReference(steps);
        int i = 0;
        for (; i <= high.Length - 4; i += 4)
        {
            ulong four = Unsafe.As<ushort, ulong>(ref Unsafe.Add(ref from, i));
            Unsafe.Add(ref to, i) = Unsafe.Add(ref table, (nint)(four & CellMask));
            Unsafe.Add(ref to, i + 1) = Unsafe.Add(ref table, (nint)((four >> 16) & CellMask));
            Unsafe.Add(ref to, i + 2) = Unsafe.Add(ref table, (nint)((four >> 32) & CellMask));
            Unsafe.Add(ref to, i + 3) = Unsafe.Add(ref table, (nint)((four >> 48) & CellMask));
        }

        for (; i < high.Length; i++)
        {
            Unsafe.Add(ref to, i) = Unsafe.Add(ref table, Unsafe.Add(ref from, i) & CellMask);
        }
    }

    private static void Collect(NoisePath path, ReadOnlySpan<short> steps, ref OpenDraws open)
    {
        int i = 0;
        switch (path)
        {
            case NoisePath.Vector512:
                for (; i <= steps.Length - Vector512<short>.Count; i += Vector512<short>.Count)
                {
                    open.Add(i, Vector512.Create(steps[i..]).ExtractMostSignificantBits());
                }

                break;
            case NoisePath.Vector256:
                for (; i <= steps.Length - Vector256<short>.Count; i += Vector256<short>.Count)
                {
                    open.Add(i, Vector256.Create(steps[i..]).ExtractMostSignificantBits());
                }

                break;
        }

        for (; i < steps.Length; i++)
        {
            if (steps[i] < 0)
            {
                open.Add(i);
            }
        }
    }

    private bool TryResolve(OpenDraws open, ReadOnlySpan<ushort> high, Span<short> steps)
    {
        bool sure = true;
        for (int i = 0; i < open.Count; i++)
        {
            int place = open.Place(i);
            int found = -1 - steps[place];
            sure &= TrySearch(open.Bits(i, high[place]), ref found);
            steps[place] = (short)found;
        }

        return sure;
    }

    private void Write(NoisePath path, ReadOnlySpan<ushort> high, ReadOnlySpan<short> steps, ReadOnlySpan<byte> input, Span<float> row)
    {
        int done = path switch
        {
            NoisePath.Vector512 => WriteVector512(high, steps, input, row),
            NoisePath.Vector256 => WriteVector256(high, steps, input, row),
            _ => 0,
        };
        for (int i = done; i < row.Length; i++)
        {
            int noise = high[i] >> 15 == 0 ? -steps[i] : steps[i];
            row[i] = Math.Clamp(input[i] + noise, _least, _most) / _divisor;
        }
    }
}
