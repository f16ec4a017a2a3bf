using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeDaemon.Core.Smoothing.Noise;

/// <content>What <c>TryWrite</c> does, for 16 or 8 elements at a time; what they return is how many were written. All spans are as long as the row, or longer.</content>
internal sealed partial class FloatNoise
{
    private int WriteVector512(ReadOnlySpan<ushort> high, ReadOnlySpan<uint> cells, ReadOnlySpan<float> values, Span<float> row, ref OpenDraws open)
    {
        ref ushort highs = ref MemoryMarshal.GetReference(high);
        ref uint places = ref MemoryMarshal.GetReference(cells);
        ref float inputs = ref MemoryMarshal.GetReference(values), outputs = ref MemoryMarshal.GetReference(row);
        Vector512<float> perStep = Vector512.Create(_perStep), step = Vector512.Create(_step), divisor = Vector512.Create(_divisor);
        bool divides = _divisor != 1;
        int i = 0;
        for (; i <= row.Length - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            Vector512<float> steps = Avx512F.Multiply(Vector512.LoadUnsafe(ref inputs, (nuint)i), perStep);
            Vector512<float> whole = Avx512F.RoundScale(steps, 0); // To nearest, ties to even.
            Vector512<int> rest = Avx512F.ConvertToVector512Int32(
                Avx512F.Multiply(Avx512F.Subtract(steps, whole), Vector512.Create((float)FloatCells.PerStep)), FloatRoundingMode.ToNegativeInfinity);
            Vector512<int> cell = Vector512.LoadUnsafe(ref places, (nuint)i).AsInt32();
            Vector512<int> width = Avx512F.And(cell, Vector512.Create((int)FloatCells.MostWidth));
            Vector512<int> upper = Avx512F.ShiftRightArithmetic(Avx512F.ConvertToVector512Int32(Vector256.LoadUnsafe(ref highs, (nuint)i).AsInt16()), 31);
            Vector512<int> lower = ~upper;
            Vector512<int> drawn = Avx512F.Add(Avx512F.ShiftRightLogical(cell, FloatCells.WidthBits), Avx512F.And(width, lower));
            drawn = Avx512F.Subtract(Avx512F.Xor(drawn, lower), lower);
            Vector512<int> least = Avx512F.Add(Avx512F.Add(drawn, rest), Vector512.Create(FloatCells.PerStep / 2));
            Vector512<int> point = Avx512F.Add(Avx512F.ConvertToVector512Int32(whole), Avx512F.ShiftRightArithmetic(least, FloatCells.FractionBits));
            Vector512<int> most = Avx512F.Add(Avx512F.And(least, Vector512.Create(FloatCells.PerStep - 1)), width);
            Vector512<float> noisy = Avx512F.Multiply(Avx512F.ConvertToVector512Single(point), step);
            (divides ? Avx512F.Divide(noisy, divisor) : noisy).StoreUnsafe(ref outputs, (nuint)i);
            open.Add(i, Avx512F.CompareGreaterThan(most, Vector512.Create(FloatCells.PerStep - 2)).ExtractMostSignificantBits());
        }

        return i;
    }

    private int WriteVector256(ReadOnlySpan<ushort> high, ReadOnlySpan<uint> cells, ReadOnlySpan<float> values, Span<float> row, ref OpenDraws open)
    {
        ref ushort highs = ref MemoryMarshal.GetReference(high);
        ref uint places = ref MemoryMarshal.GetReference(cells);
        ref float inputs = ref MemoryMarshal.GetReference(values), outputs = ref MemoryMarshal.GetReference(row);
        Vector256<float> perStep = Vector256.Create(_perStep), step = Vector256.Create(_step), divisor = Vector256.Create(_divisor);
        bool divides = _divisor != 1;
        int i = 0;
        for (; i <= row.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            Vector256<float> steps = Avx.Multiply(Vector256.LoadUnsafe(ref inputs, (nuint)i), perStep);
            Vector256<float> whole = Avx.RoundToNearestInteger(steps);
            Vector256<int> rest = Avx.ConvertToVector256Int32WithTruncation(
                Avx.Floor(Avx.Multiply(Avx.Subtract(steps, whole), Vector256.Create((float)FloatCells.PerStep))));
            Vector256<int> cell = Vector256.LoadUnsafe(ref places, (nuint)i).AsInt32();
            Vector256<int> width = Avx2.And(cell, Vector256.Create((int)FloatCells.MostWidth));
            Vector256<int> upper = Avx2.ShiftRightArithmetic(Avx2.ConvertToVector256Int32(Vector128.LoadUnsafe(ref highs, (nuint)i).AsInt16()), 31);
            Vector256<int> lower = ~upper;
            Vector256<int> drawn = Avx2.Add(Avx2.ShiftRightLogical(cell, FloatCells.WidthBits), Avx2.And(width, lower));
            drawn = Avx2.Subtract(Avx2.Xor(drawn, lower), lower);
            Vector256<int> least = Avx2.Add(Avx2.Add(drawn, rest), Vector256.Create(FloatCells.PerStep / 2));
            Vector256<int> point = Avx2.Add(Avx.ConvertToVector256Int32(whole), Avx2.ShiftRightArithmetic(least, FloatCells.FractionBits));
            Vector256<int> most = Avx2.Add(Avx2.And(least, Vector256.Create(FloatCells.PerStep - 1)), width);
            Vector256<float> noisy = Avx.Multiply(Avx.ConvertToVector256Single(point), step);
            (divides ? Avx.Divide(noisy, divisor) : noisy).StoreUnsafe(ref outputs, (nuint)i);
            open.Add(i, Avx2.CompareGreaterThan(most, Vector256.Create(FloatCells.PerStep - 2)).ExtractMostSignificantBits());
        }

        return i;
    }
}
