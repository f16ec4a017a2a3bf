using EdgeDaemon.Core.Bundles.Onnx;
using static EdgeDaemon.Tests.Bundles.Onnx.OnnxBytes;

namespace EdgeDaemon.Tests.Bundles.Onnx;

/// <summary>Packed numbers of every length at every place of the blocks that they are counted in, beside a count one byte at a time.</summary>
[TestClass]
public sealed class PackedNumbersTests
{
    [TestMethod]
    public void Counted_in_blocks_as_one_by_one()
    {
        var random = new Random(11);
        int accepted = 0, overlong = 0, malformed = 0;
        for (int round = 0; round < 20_000; round++)
        {
            var packed = new List<byte>();
            for (int numbers = random.Next(40); numbers > 0; numbers--)
            {
                packed.AddRange(Varint((ulong)random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64)));
            }

            for (int changes = random.Next(3); changes > 0 && packed.Count > 0; changes--)
            {
                packed[random.Next(packed.Count)] = random.Next(3) switch { 0 => 0, 1 => 0x80, _ => (byte)random.Next(256) };
            }

            (long Count, string Fault) expected = OneByOne([.. packed]);
            byte[] tensor = [.. Number(1, expected.Count), .. Number(2, 7), .. Text(8, "w"), .. Bytes(7, [.. packed])];
            string found = string.Join(' ', OnnxWalk.Of([.. Number(1, 8), .. Bytes(7, Bytes(5, tensor)), .. Bytes(8, Number(2, 17))], false).Findings.Select(finding => finding.Code).Distinct());
            Assert.AreEqual(expected.Fault, found, Convert.ToHexString([.. packed]));
            accepted += expected.Fault.Length == 0 ? 1 : 0;
            overlong += expected.Fault == "not_canonical" ? 1 : 0;
            malformed += expected.Fault == "malformed" ? 1 : 0;
        }

        Assert.IsGreaterThan(500, Math.Min(accepted, Math.Min(overlong, malformed)));
    }

    private static (long Count, string Fault) OneByOne(byte[] packed)
    {
        long count = 0;
        bool overlong = false;
        for (int at = 0; at < packed.Length; count++)
        {
            int length = 1;
            for (; packed[at] > 127; at++, length++)
            {
                if (at + 1 == packed.Length || length == 10)
                {
                    return (count, "malformed");
                }
            }

            if (length == 10 && packed[at] > 1)
            {
                return (count, "malformed");
            }

            overlong |= length > 1 && packed[at] == 0;
            at++;
        }

        // No data at all is right for no elements.
        return (count, overlong ? "not_canonical" : "");
    }
}
