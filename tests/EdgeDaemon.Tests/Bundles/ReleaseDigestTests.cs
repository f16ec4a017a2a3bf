using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Tests.Bundles;

[TestClass]
public sealed class ReleaseDigestTests
{
    [TestMethod]
    public void Names_order_as_their_UTF8_bytes_do()
    {
        var random = new Random(3);
        string[] pieces = ["a", "b", "/", ".", "\u007f", "\u0080", "\ud7ff", "\ue000", "\uff5e", "\uffff", "\U00010000", "\U0001f600", "\U0010ffff"];
        int flips = 0;
        for (int round = 0; round < 50_000; round++)
        {
            string x = Word();
            string y = Word();
            int bytes = Encoding.UTF8.GetBytes(x).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y));
            Assert.AreEqual(Math.Sign(bytes), Math.Sign(Utf8Order.Instance.Compare(x, y)), $"{x} {y}");
            flips += Math.Sign(bytes) != Math.Sign(string.CompareOrdinal(x, y)) ? 1 : 0;
        }

        Assert.IsGreaterThan(100, flips, "the cases must hold some that UTF-16 order gets wrong");

        string Word() => string.Concat(Enumerable.Range(0, random.Next(0, 4)).Select(_ => pieces[random.Next(pieces.Length)]));
    }

    [TestMethod]
    public void Does_not_depend_on_the_order_given_but_on_every_digest_and_the_order_of_names()
    {
        TreeFile[] files = [File("a.txt", 1), File("a/b", 2), File("z\uff5e", 3), File("z\U0001f600", 4)];
        byte[] expected = SHA256.HashData([.. files.SelectMany(file => file.Sha256)]);
        CollectionAssert.AreEqual(expected, ReleaseDigest.Compute(files));
        CollectionAssert.AreEqual(expected, ReleaseDigest.Compute(files.Reverse()));
        CollectionAssert.AreNotEqual(expected, ReleaseDigest.Compute([File("a.txt", 2), File("a/b", 1), .. files[2..]]));
        CollectionAssert.AreNotEqual(expected, ReleaseDigest.Compute(files[1..]));
        Assert.AreEqual(Convert.ToHexString(expected).ToLowerInvariant(), ReleaseDigest.Hex(expected));
        Assert.ThrowsExactly<ArgumentException>(() => ReleaseDigest.Compute([]));
        Assert.ThrowsExactly<ArgumentException>(() => ReleaseDigest.Compute([files[0], files[0]]));
    }

    private static TreeFile File(string name, byte content) => new(name, 1, [.. SHA256.HashData([content])]);
}
