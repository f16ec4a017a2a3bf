using System.Numerics;
using EdgeDaemon.Core.Protocol.Numbers;

namespace EdgeDaemon.Tests.Protocol.Numbers;

[TestClass]
public sealed class PowersOfFiveTests
{
    [TestMethod]
    public void Every_entry_is_the_power_cut_off_at_128_bits()
    {
        for (int power = PowersOfFive.Least; power <= PowersOfFive.Greatest; power++)
        {
            (BigInteger expected, bool exact) = Leading(power, 128);
            ulong high = PowersOfFive.Of(power, out ulong low);
            Assert.AreEqual(expected, ((BigInteger)high << 64) + low, $"5^{power}");
            BigInteger above = exact ? expected : expected + 1;
            high = PowersOfFive.Above(power, out low);
            Assert.AreEqual(above, ((BigInteger)high << 64) + low, $"5^{power}, rounded up");
            (expected, exact) = Leading(power, 64);
            Assert.AreEqual(exact ? expected : expected + 1, PowersOfFive.Above(power), $"5^{power}, 64 bits");
        }
    }

    private static (BigInteger Bits, bool Exact) Leading(int power, int width)
    {
        BigInteger five = BigInteger.Pow(5, Math.Abs(power));
        int length = (int)five.GetBitLength();
        if (power >= 0)
        {
            return length <= width ? (five << (width - length), true) : (five >> (length - width), (five & ((BigInteger.One << (length - width)) - 1)).IsZero);
        }

        return ((BigInteger.One << (length + width - 1)) / five, false);
    }
}
