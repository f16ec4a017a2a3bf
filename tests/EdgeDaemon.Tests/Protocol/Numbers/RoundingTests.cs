using System.Globalization;
using System.Numerics;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Tests.Protocol.Numbers;

/// <summary>Text to bits against exact arithmetic, in arrays long enough for the fast path and in short ones that never take it.</summary>
[TestClass]
public sealed class RoundingTests
{
    private static readonly (ElementType Type, int FractionBits, int Min, int Max)[] Formats =
    [
        (ElementType.Float16, 10, -14, 15), (ElementType.BFloat16, 7, -126, 127), (ElementType.Float32, 23, -126, 127), (ElementType.Float64, 52, -1022, 1023),
    ];

    [TestMethod]
    public void Hard_texts_round_as_exact_arithmetic_does()
    {
        var texts = new List<string>
        {
            "0", "0.0", "0e400", "0.000e-400", "1", "16777217", "16777219", "33554435", "9007199254740993", "9007199254740995", "9007199254740993.0", "36893488147419107329",
            "1e22", "1e23", "8.5e22", "9e-265", "5e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "2.2250738585072011e-308", "2.2250738585072014e-308",
            "1.7976931348623157e308", "1.7976931348623158e308", "1.1754943508222875e-38", "1.1754942807573643e-38", "1.401298464324817e-45", "7.006492321624085e-46", "7.006492321624086e-46",
            "3.4028234663852886e38", "3.4028235677973366e38", "1e400", "1e-400", "65504", "65519", "65519.99999", "5.960464477539063e-8", "2.98023223876953125e-8", "2.980232238769532e-8",
            "1" + new string('0', 400) + "e-400", "0." + new string('0', 400) + "1e401", "1." + new string('0', 790) + "1", new string('9', 800) + "e-800", "1" + new string('0', 800) + "e-795",
            "0.1000000000000000055511151231257827021181583404541015625", "0.500000000000000166533453693773481063544750213623046875",
            "3.518437208883201171875e13", "62.5364939768271845828", "8.10109172351e-10", "1.50000000000000011102230246251565", "123456789012345678901234567890",
        };
        foreach ((_, int fraction, int min, int max) in Formats)
        {
            // Middles of neighbours over the whole range: exact, a hair above, a hair below; as plain text and with zeros behind.
            var random = new Random(fraction);
            for (int round = 0; round < 400; round++)
            {
                BigInteger odd = (2 * new BigInteger(random.NextInt64(round % 4 == 0 ? 0 : 1L << fraction, 1L << (fraction + 1)))) + 1;
                int exponent = random.Next(min - fraction - 1, round % 2 == 0 ? max - fraction : Math.Min(max - fraction, 30));
                texts.AddRange(Around(odd, exponent));
            }
        }

        foreach (string text in texts)
        {
            Check(text);
            Check("-" + text);
        }
    }

    [TestMethod]
    public void Random_texts_round_as_exact_arithmetic_does()
    {
        var random = new Random(31);
        for (int round = 0; round < 20_000; round++)
        {
            string digits = random.NextInt64(1, (long)Math.Pow(10, random.Next(1, 19))).ToString(CultureInfo.InvariantCulture);
            int shift = random.Next(4);
            string text = shift switch
            {
                0 => digits,
                1 => $"0.{new string('0', random.Next(4))}{digits}",
                2 => digits.Length > 1 ? digits.Insert(random.Next(1, digits.Length), ".") : digits,
                _ => $"{digits}e{random.Next(-360, 320)}",
            };
            Check(random.Next(2) == 0 ? text : "-" + text);
        }
    }

    [TestMethod]
    public void Three_hundred_thousand_random_singles_read_as_the_framework_reads_them()
    {
        var random = new Random(41);
        const int Block = 3000;
        string[] formats = ["R", "E8", "E9", "E5"];
        for (int block = 0; block < 100; block++)
        {
            string[] texts = [.. Enumerable.Range(0, Block).Select(_ => Random32(random).ToString(formats[random.Next(4)], CultureInfo.InvariantCulture))];
            byte[] bytes = Refuse.Tensor(ElementType.Float32, [Block], $"[{string.Join(block % 2 == 0 ? "," : ", ", texts)}]");
            for (int i = 0; i < Block; i++)
            {
                float expected = float.Parse(texts[i], CultureInfo.InvariantCulture);
                Assert.AreEqual(BitConverter.SingleToInt32Bits(expected), BitConverter.ToInt32(bytes, 4 * i), texts[i]);
            }
        }
    }

    private static float Random32(Random random)
    {
        float value = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));

        // Near the largest, fewer digits could round to the infinity; half of them as models send them.
        return random.Next(2) == 0 ? random.NextSingle() : Math.Abs(value) < 3e38f ? value : 1;
    }

    private static void Check(string text)
    {
        foreach ((ElementType type, int fraction, int min, int max) in Formats)
        {
            ulong expected = ExactDecimal.Round(text, fraction, min, max);
            ulong infinity = (ulong)(max - min + 2) << fraction;
            int size = type.Size();
            ulong sign = text[0] == '-' ? 1UL << ((8 * size) - 1) : 0;
            if (expected == infinity)
            {
                Refuse.Data(Core.Protocol.Refusal.InputNumberOutOfRange, type, [1], $"[{text}]");
                Refuse.Data(Core.Protocol.Refusal.InputNumberOutOfRange, type, [2], $"[{text},1{new string(' ', 40)}]");
                continue;
            }

            // Alone there is no room for the fast path; followed by others there is.
            byte[] alone = Refuse.Tensor(type, [1], $"[{text}]");
            byte[] followed = Refuse.Tensor(type, [3], $"[{text},{text} ,1{new string(' ', 40)}]");
            Assert.AreEqual(expected | sign, Bits(alone, 0, size), $"{type} {text}");
            Assert.AreEqual(expected | sign, Bits(followed, 0, size), $"{type} {text}, fast");
            Assert.AreEqual(expected | sign, Bits(followed, 1, size), $"{type} {text}, fast, behind a comma");
        }
    }

    private static ulong Bits(byte[] tensor, int index, int size) => size switch
    {
        2 => BitConverter.ToUInt16(tensor, index * size),
        4 => BitConverter.ToUInt32(tensor, index * size),
        _ => BitConverter.ToUInt64(tensor, index * size),
    };

    /// <summary>significand x 2^exponent in full, and its neighbours a hair away.</summary>
    private static IEnumerable<string> Around(BigInteger significand, int exponent)
    {
        int places = Math.Max(0, -exponent);
        BigInteger scaled = exponent < 0 ? significand * BigInteger.Pow(5, places) : significand << exponent;
        string Text(BigInteger value, int after)
        {
            string digits = value.ToString(CultureInfo.InvariantCulture).PadLeft(after + 1, '0');
            return after == 0 ? digits : $"{digits[..^after]}.{digits[^after..]}";
        }

        yield return Text(scaled, places);
        yield return Text(scaled, places) + (places == 0 ? ".000" : "000");
        yield return Text((scaled * 1000) + 1, places + 3);
        yield return Text((scaled * 1000) - 1, places + 3);
        yield return $"{scaled}e-{places}";
    }
}
