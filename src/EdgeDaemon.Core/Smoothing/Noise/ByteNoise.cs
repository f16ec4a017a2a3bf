using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeDaemon.Core.Smoothing.Noise;

/// <summary>Noise for UINT8 inputs: whole steps of the caller's numbers, added as integers and cut to the manifest's reach, then one division.</summary>
internal sealed partial class ByteNoise : RowNoise
{
    /// <summary>The values of a byte span this many steps: reference/smoothing's unit.</summary>
    private const int Span = 255;
    private const double LeastSteps = 0.5, MostSteps = 4080;
    private const int Tile = 512;
    private const int Cells = 1 << 15;
    private const byte Not = 0x55;

    // The number of steps of every draw whose 16 high bits are 2^15 + the index; -1 - m where they do not tell, and m steps at least.
    private readonly short[] _steps = new short[Cells];
    private readonly ImmutableArray<ulong> _thresholds;
    private readonly float _divisor;

    /// <summary>Noisy values are cut to these: k spans beyond the values of a byte, k = max(1, floor(6 sigma)) with sigma in spans.</summary>
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
        Span<ushort> high = stackalloc ushort[Tile];
        Span<short> steps = stackalloc short[Tile];
        bool sure = true;
        for (int at = 0; at < input.Length; at += Tile)
        {
            int count = Math.Min(Tile, input.Length - at);
            uint element = first + (uint)at;
            NoiseBits.Fill(path, key, sample, element, high[..((count + PartElements - 1) & -PartElements)]);
            LookUp(high[..count], steps);
            sure &= TryResolve(path, key, sample, element, high[..count], steps);
            Write(path, high[..count], steps, input.Slice(at, count), row.Slice(at, count));
        }

        return sure;
    }

    /// <summary>Which number of steps a folded draw gives, at least <paramref name="steps"/>; -1 - that number when it is in doubt.</summary>
    private int Search(ulong draw, int steps)
    {
        while (steps < _thresholds.Length && draw > _thresholds[steps])
        {
            steps++;
        }

        return steps < _thresholds.Length && draw == _thresholds[steps] ? -1 - steps : steps;
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

    // One load for each element: no processor that edged runs on is quicker with gathering instructions, and .NET offers them over pointers only.
    private void LookUp(ReadOnlySpan<ushort> high, Span<short> steps)
    {
        ref short table = ref MemoryMarshal.GetArrayDataReference(_steps);
        ref ushort from = ref MemoryMarshal.GetReference(high);
        ref short to = ref MemoryMarshal.GetReference(steps);
        for (int i = 0; i < high.Length; i++)
        {
            int bits = Unsafe.Add(ref from, i);
            int mirrored = (bits >> 15) - 1; // All ones below one half.
            Unsafe.Add(ref to, i) = Unsafe.Add(ref table, (bits ^ mirrored) & (Cells - 1));
        }
    }

    /// <summary>Draws more bits where the first 16 do not tell.</summary>
    private bool TryResolve(NoisePath path, NoiseKey key, ulong sample, uint element, ReadOnlySpan<ushort> high, Span<short> steps)
    {
        bool sure = true;
        int i = 0;
        switch (path)
        {
            case NoisePath.Vector512:
                for (; i <= high.Length - Vector512<short>.Count; i += Vector512<short>.Count)
                {
                    ulong open = Vector512.LoadUnsafe(ref steps[i]).ExtractMostSignificantBits();
                    for (; open != 0; open &= open - 1)
                    {
                        int place = i + BitOperations.TrailingZeroCount(open);
                        sure &= TryResolve(key, sample, element + (uint)place, high[place], ref steps[place]);
                    }
                }

                break;
            case NoisePath.Vector256:
                for (; i <= high.Length - Vector256<short>.Count; i += Vector256<short>.Count)
                {
                    // Two bits for each: there is no instruction for one.
                    uint open = Vector256.LoadUnsafe(ref steps[i]).AsByte().ExtractMostSignificantBits() & 0xAAAAAAAA;
                    for (; open != 0; open &= open - 1)
                    {
                        int place = i + (BitOperations.TrailingZeroCount(open) / 2);
                        sure &= TryResolve(key, sample, element + (uint)place, high[place], ref steps[place]);
                    }
                }

                break;
        }

        for (; i < high.Length; i++)
        {
            if (steps[i] < 0)
            {
                sure &= TryResolve(key, sample, element + (uint)i, high[i], ref steps[i]);
            }
        }

        return sure;
    }

    private bool TryResolve(NoiseKey key, ulong sample, uint element, ushort high, ref short steps)
    {
        ulong draw = NoiseBits.Draw(key, sample, element, high);
        int found = Search((long)draw < 0 ? draw : ~draw, -1 - steps);
        steps = (short)(found < 0 ? -1 - found : found);
        return found >= 0;
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

    private int WriteVector512(ReadOnlySpan<ushort> high, ReadOnlySpan<short> steps, ReadOnlySpan<byte> input, Span<float> row)
    {
        Vector512<short> least = Vector512.Create(_least), most = Vector512.Create(_most);
        Vector512<float> divisor = Vector512.Create(_divisor);
        int i = 0;
        for (; i <= row.Length - Vector512<short>.Count; i += Vector512<short>.Count)
        {
            // The sign changes below one half: (v ^ s) - s with s all ones.
            Vector512<short> upper = Avx512BW.ShiftRightArithmetic(Vector512.Create(high[i..]).AsInt16(), 15);
            Vector512<short> lower = Avx512F.TernaryLogic(upper, upper, upper, Not);
            Vector512<short> noise = Avx512BW.Subtract(Avx512F.Xor(Vector512.Create(steps[i..]), lower), lower);
            Vector512<short> sum = Avx512BW.Add(Avx512BW.ConvertToVector512Int16(Vector256.Create(input[i..])), noise);
            sum = Avx512BW.Min(Avx512BW.Max(sum, least), most);
            Avx512F.Divide(Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(sum.GetLower())), divisor).CopyTo(row[i..]);
            Avx512F.Divide(Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(sum.GetUpper())), divisor).CopyTo(row[(i + 16)..]);
        }

        return i;
    }

    private int WriteVector256(ReadOnlySpan<ushort> high, ReadOnlySpan<short> steps, ReadOnlySpan<byte> input, Span<float> row)
    {
        Vector256<short> least = Vector256.Create(_least), most = Vector256.Create(_most);
        Vector256<float> divisor = Vector256.Create(_divisor);
        int i = 0;
        for (; i <= row.Length - Vector256<short>.Count; i += Vector256<short>.Count)
        {
            Vector256<short> upper = Avx2.ShiftRightArithmetic(Vector256.Create(high[i..]).AsInt16(), 15);
            Vector256<short> lower = ~upper;
            Vector256<short> noise = Avx2.Subtract(Avx2.Xor(Vector256.Create(steps[i..]), lower), lower);
            Vector256<short> sum = Avx2.Add(Avx2.ConvertToVector256Int16(Vector128.Create(input[i..])), noise);
            sum = Avx2.Min(Avx2.Max(sum, least), most);
            Avx.Divide(Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(sum.GetLower())), divisor).CopyTo(row[i..]);
            Avx.Divide(Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(sum.GetUpper())), divisor).CopyTo(row[(i + 8)..]);
        }

        return i;
    }
}
