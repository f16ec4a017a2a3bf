using System.Numerics;
using System.Runtime.Intrinsics.X86;
using System.Text;
using System.Text.RegularExpressions;
using EdgeDaemon.Core.Protocol.Numbers;

namespace EdgeDaemon.Tests.Protocol.Numbers;

[TestClass]
public sealed partial class PlainNumberTests
{
    private const string Behind = ",2.5,3,4.75,5,6,7,8,9,10,11,12,13,14,15,16";

    [TestMethod]
    public void Takes_usual_numbers_whole()
    {
        foreach (string text in (string[])
            ["0", "-0", "1", "255", "-7", "0.5", "-0.25", "3.14159", "12345678", "0.12345678", "-0.123456789012", "123456.789", "1e5", "1.5E-7", "-2e+30", "0.30000001192092896",
            "-1234567890.1234567", "9007199254740993", "0.0012345678901234567"])
        {
            Assert.IsTrue(Takes(text + Behind, text.Length), text);
        }
    }

    [TestMethod]
    public void Takes_nothing_that_the_grammar_does_not_admit()
    {
        foreach (string text in (string[])
            ["", "-", "+1", ".5", "-.5", "1.", "-1.", "01", "-01", "00", "1e", "1e+", "1.e5", "1.5.5", "--1", "1-", "0x10", "NaN", "Infinity", "1a", "/", ":", "1:", "1/2", "é",
            "12345678901234567.", "012345678901234567", "00.12345678901234567", "-.12345678901234567", "1.23456789012345678e", "\u0001", "1\u00002"])
        {
            Assert.IsFalse(Takes(text + Behind, text.Length), text);
        }
    }

    [TestMethod]
    public void Near_the_end_of_the_text_nothing_is_plain()
    {
        for (int length = 0; length < PlainNumber.Reach; length++)
        {
            Assert.IsFalse(Takes("1,".PadRight(length)[..length], 1), $"{length} bytes");
        }

        Assert.IsTrue(Takes("1,".PadRight(PlainNumber.Reach), 1));
    }

    [TestMethod]
    public void Random_text_is_taken_alike_by_both_paths_and_means_what_it_says()
    {
        var random = new Random(21);
        int taken = 0;
        for (int round = 0; round < 300_000; round++)
        {
            string text = RandomText(random);
            bool grammatical = Grammar().IsMatch(text);
            bool took = Takes(text + Behind, text.Length);
            Assert.IsTrue(grammatical || !took, text);
            taken += took ? 1 : 0;
        }

        Assert.IsGreaterThan(50_000, taken);
    }

    /// <summary>Both paths on the same text; what they take must end at <paramref name="length"/> and have the text's value.</summary>
    private static bool Takes(string text, int length)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        int end = PlainNumber.TakeScalar(bytes, 0, out PlainNumber number);
        if (Ssse3.IsSupported && Sse41.IsSupported)
        {
            int other = PlainNumber.TakeVector(bytes, 0, out PlainNumber vector);
            if (end >= 0)
            {
                Assert.AreEqual(end, other, text);
                Assert.AreEqual((number.Digits, number.Exponent, number.Negative, number.IsInteger), (vector.Digits, vector.Exponent, vector.Negative, vector.IsInteger), text);
            }

            (end, number) = (other, vector);
        }

        if (end < 0)
        {
            return false;
        }

        Assert.AreEqual(length, end, text);
        string own = text[..length];
        Assert.AreEqual(own.StartsWith('-'), number.Negative, own);
        Assert.AreEqual(own.IndexOfAny(['.', 'e', 'E']) < 0, number.IsInteger, own);
        (BigInteger over, BigInteger under) = ExactDecimal.Fraction(own);
        (BigInteger a, BigInteger b) = ExactDecimal.Fraction($"{number.Digits}e{number.Exponent}");
        Assert.AreEqual(over * b, a * under, own);
        return true;
    }

    private static string RandomText(Random random)
    {
        var text = new StringBuilder();
        if (random.Next(3) == 0)
        {
            text.Append('-');
        }

        text.Append(random.Next(4) == 0 ? "0" : Digits(random, random.Next(3) == 0 ? 20 : 4));
        if (random.Next(4) != 0)
        {
            text.Append('.').Append('0', random.Next(4) == 0 ? random.Next(5) : 0).Append(Digits(random, 20));
        }

        if (random.Next(4) == 0)
        {
            text.Append("eE"[random.Next(2)]).Append(((string[])["", "+", "-"])[random.Next(3)]).Append(Digits(random, 4));
        }

        // One in three is spoilt.
        if (random.Next(3) == 0)
        {
            text.Insert(random.Next(text.Length + 1), "0123456789.-+eE/:x ,]"[random.Next(18)]);
        }

        return text.ToString();
    }

    private static string Digits(Random random, int most) =>
        string.Concat(Enumerable.Range(0, random.Next(most + 1)).Select(_ => (char)('0' + random.Next(10))));

    [GeneratedRegex("^-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?$")]
    private static partial Regex Grammar();
}
