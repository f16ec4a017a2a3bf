using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeDaemon.Core.Smoothing.Noise;

/// <content>Input + noise to floats, 32 or 16 elements at a time; what they return is how many were written.</content>
internal sealed partial class ByteNoise
{
    private int WriteVector512(ReadOnlySpan<ushort> high, ReadOnlySpan<short> steps, ReadOnlySpan<byte> input, Span<float> row)
    {
        Vector512<short> least = Vector512.Create(_least), most = Vector512.Create(_most);
        Vector512<float> divisor = Vector512.Create(_divisor);
        int i = 0;
        for (; i <= row.Length - Vector512<short>.Count; i += Vector512<short>.Count)
        {
            // Without the high bit the sign changes: (v ^ s) - s with s all ones.
            Vector512<short> lower = ~Avx512BW.ShiftRightArithmetic(Vector512.Create(high[i..]).AsInt16(), 15);
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
            Vector256<short> lower = ~Avx2.ShiftRightArithmetic(Vector256.Create(high[i..]).AsInt16(), 15);
            Vector256<short> noise = Avx2.Subtract(Avx2.Xor(Vector256.Create(steps[i..]), lower), lower);
            Vector256<short> sum = Avx2.Add(Avx2.ConvertToVector256Int16(Vector128.Create(input[i..])), noise);
            sum = Avx2.Min(Avx2.Max(sum, least), most);
            Avx.Divide(Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(sum.GetLower())), divisor).CopyTo(row[i..]);
            Avx.Divide(Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(sum.GetUpper())), divisor).CopyTo(row[(i + 8)..]);
        }

        return i;
    }
}
