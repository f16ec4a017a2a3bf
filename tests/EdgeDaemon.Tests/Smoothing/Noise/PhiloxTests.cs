using System.Globalization;
using EdgeDaemon.Core.Smoothing.Noise;

namespace EdgeDaemon.Tests.Smoothing.Noise;

[TestClass]
public sealed class PhiloxTests
{
    [TestMethod]
    public void Gives_every_known_answer_of_Random123()
    {
        string file = Path.Combine(Conformance.Folder("."), "random123_kat.txt");
        int seen = 0;
        foreach (string line in File.ReadLines(file).Where(line => line.StartsWith("philox4x32 ", StringComparison.Ordinal)))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            uint[] numbers = [.. words[2..].Select(word => uint.Parse(word, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
            PhiloxBlock given = Philox.Block(
                new PhiloxBlock(numbers[0], numbers[1], numbers[2], numbers[3]), new NoiseKey(numbers[4], numbers[5]), int.Parse(words[1], CultureInfo.InvariantCulture));
            Assert.AreEqual(new PhiloxBlock(numbers[6], numbers[7], numbers[8], numbers[9]), given, line);
            seen++;
        }

        Assert.AreEqual(6, seen);
    }

    [TestMethod]
    public void Self_test_knows_a_generator_with_one_round_less_or_another_key_schedule()
    {
        Assert.IsNull(NoiseSelfTest.KnownAnswers(Philox.Block));
        string? fault = NoiseSelfTest.KnownAnswers((counter, key, rounds) => Philox.Block(counter, key, rounds - 1));
        StringAssert.StartsWith(fault, "philox4x32-7 of ");
        Assert.IsNotNull(NoiseSelfTest.KnownAnswers((counter, key, rounds) => Philox.Block(counter, new NoiseKey(key.K1, key.K0), rounds)));
        Assert.IsNotNull(NoiseSelfTest.KnownAnswers((counter, _, _) => counter));
    }
}
