using System.Globalization;
using System.Numerics;
using System.Text;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Numbers;

namespace EdgeDaemon.Tests.Protocol.Numbers;

[TestClass]
public sealed class ShortestDecimalTests
{
    [TestMethod]
    public void Every_sixteen_bit_float_is_shortest_and_nearest()
    {
        for (uint bits = 1; bits < 0x7c00; bits++)
        {
            Prove(ShortestDecimal.Of<Binary16>(bits, out int exponent), exponent, bits, 10, -14);
        }

        for (uint bits = 1; bits < 0x7f80; bits++)
        {
            Prove(ShortestDecimal.Of<BrainFloat16>(bits, out int exponent), exponent, bits, 7, -126);
        }
    }

    [TestMethod]
    public void Single_and_double_floats_are_shortest_and_nearest()
    {
        var random = new Random(51);
        for (int round = 0; round < 20_000; round++)
        {
            // Powers of two first: their neighbours lie at two distances.
            uint single = round < 254 ? (uint)(round + 1) << 23 : round < 1000 ? (uint)round - 253 : (uint)random.Next(1, 0x7f800000);
            Prove(ShortestDecimal.Of<Binary32>(single, out int exponent), exponent, single, 23, -126);
            ulong real = round < 2046 ? (ulong)(round + 1) << 52 : round < 3000 ? (ulong)round - 2045 : (ulong)random.NextInt64(1, 0x7ffL << 52);
            Prove(ShortestDecimal.OfDouble(real, out exponent), exponent, real, 52, -1022);
        }

        Prove(ShortestDecimal.Of<Binary32>(0x7f7fffff, out int last), last, 0x7f7fffff, 23, -126);
        Prove(ShortestDecimal.OfDouble((0x7ffUL << 52) - 1, out last), last, (0x7ffUL << 52) - 1, 52, -1022);
    }

    [TestMethod]
    public void A_million_random_floats_have_the_frameworks_digits()
    {
        var random = new Random(61);
        for (int round = 0; round < 500_000; round++)
        {
            uint single = (uint)random.Next(1, 0x7f800000);
            uint digits = ShortestDecimal.Of<Binary32>(single, out int exponent);
            Assert.AreEqual(Normal(BitConverter.UInt32BitsToSingle(single).ToString("R", CultureInfo.InvariantCulture)), Normal(digits, exponent));
            ulong real = (ulong)random.NextInt64(1, 0x7ffL << 52);
            ulong many = ShortestDecimal.OfDouble(real, out exponent);
            Assert.AreEqual(Normal(BitConverter.UInt64BitsToDouble(real).ToString("R", CultureInfo.InvariantCulture)), Normal(many, exponent));
        }
    }

    [TestMethod]
    public void Text_has_the_value_and_no_digit_too_many()
    {
        (ulong Digits, int Exponent, string Text)[] rows =
        [
            (1, 0, "1"), (10, 0, "10"), (5, -1, "0.5"), (5000, -4, "0.5"), (123, -2, "1.23"), (1230, -2, "12.3"), (1, -5, "0.00001"), (12, -6, "0.000012"), (1, -6, "1e-06"),
            (123, -9, "1.23e-07"), (1, 16, "10000000000000000"), (1, 17, "1e+17"), (12345678901234567, 0, "12345678901234567"), (12345678901234567, 1, "1.2345678901234567e+17"),
            (12345678901234567, -16, "1.2345678901234567"), (12345678901234567, -17, "0.12345678901234567"), (12345678901234567, -21, "0.000012345678901234567"), (5, -324, "5e-324"),
            (17976931348623157, 292, "1.7976931348623157e+308"), (10000000000000000, -16, "1"), (30000000000000000, -16, "3"), (12345678, -8, "0.12345678"), (100000000, -8, "1"), (100000001, -8, "1.00000001"),
        ];
        byte[] room = new byte[DecimalText.Room];
        foreach ((ulong digits, int exponent, string text) in rows)
        {
            Assert.AreEqual(text, Encoding.ASCII.GetString(room, 0, DecimalText.Write(room, false, digits, exponent)));
            Assert.AreEqual("-" + text, Encoding.ASCII.GetString(room, 0, DecimalText.Write(room, true, digits, exponent)));
        }

        var random = new Random(71);
        for (int round = 0; round < 100_000; round++)
        {
            ulong digits = (ulong)random.NextInt64(1, (long)Math.Pow(10, random.Next(1, 18)));
            int exponent = random.Next(-340, 310);
            string text = Encoding.ASCII.GetString(room, 0, DecimalText.Write(room, false, digits, exponent));
            (BigInteger over, BigInteger under) = ExactDecimal.Fraction(text);
            (BigInteger a, BigInteger b) = ExactDecimal.Fraction($"{digits}e{exponent}");
            Assert.AreEqual(a * under, over * b, text);
        }
    }

    /// <summary>Reads back; no decimal with fewer digits does; none with as many is nearer.</summary>
    private static void Prove(ulong digits, int exponent, ulong bits, int fractionBits, int minExponent)
    {
        while (digits % 10 == 0)
        {
            digits /= 10;
            exponent++;
        }

        ulong field = bits >> fractionBits;
        BigInteger significand = (bits & ((1UL << fractionBits) - 1)) | (field == 0 ? 0 : 1UL << fractionBits);
        int binary = Math.Max((int)field, 1) - 1 + minExponent - fractionBits;
        bool closer = field > 1 && (bits & ((1UL << fractionBits) - 1)) == 0;

        // Everything times 4 x 10^p / 2^binary, so that value, middles and candidates are integers.
        int p = Math.Max(0, -exponent);
        BigInteger unit = BigInteger.Pow(10, p) << Math.Max(0, binary);
        BigInteger ten = BigInteger.Pow(10, exponent + p) << (2 + Math.Max(0, -binary));
        BigInteger value = 4 * significand * unit;
        BigInteger low = value - ((closer ? 1 : 2) * unit);
        BigInteger high = value + (2 * unit);
        bool even = significand.IsEven;
        bool Reads(BigInteger candidate) => even ? candidate >= low && candidate <= high : candidate > low && candidate < high;

        BigInteger mine = digits * ten;
        Assert.IsTrue(Reads(mine), $"{digits}e{exponent} does not read back to {bits:x}");
        BigInteger distance = BigInteger.Abs(mine - value);
        foreach (int step in (int[])[-1, 1])
        {
            BigInteger other = ((BigInteger)digits + step) * ten;
            Assert.IsTrue(!Reads(other) || BigInteger.Abs(other - value) >= distance, $"{digits}e{exponent} is not the nearest to {bits:x}");
        }

        if (digits >= 10)
        {
            BigInteger shorter = value / (10 * ten);
            Assert.IsFalse(Reads(shorter * 10 * ten) || Reads((shorter + 1) * 10 * ten), $"{digits}e{exponent} is not the shortest of {bits:x}");
        }
    }

    private static (BigInteger Digits, int Exponent) Normal(BigInteger digits, int exponent)
    {
        while ((digits % 10).IsZero)
        {
            digits /= 10;
            exponent++;
        }

        return (digits, exponent);
    }

    private static (BigInteger Digits, int Exponent) Normal(string text)
    {
        int e = text.IndexOf('E');
        int exponent = e < 0 ? 0 : int.Parse(text.AsSpan(e + 1), CultureInfo.InvariantCulture);
        string digits = e < 0 ? text : text[..e];
        int point = digits.IndexOf('.');
        return Normal(BigInteger.Parse(digits.Replace(".", ""), CultureInfo.InvariantCulture), point < 0 ? exponent : exponent - (digits.Length - point - 1));
    }
}
