using System.Globalization;
using System.Security.Cryptography;
using EdgeDaemon.Core.Smoothing.Noise;

namespace EdgeDaemon.Tests.Smoothing.Noise;

[TestClass]
public sealed class NoiseSeedTests
{
    private static readonly byte[] Counting = [.. Enumerable.Range(0, NoiseSeed.Size).Select(i => (byte)i)];

    [TestMethod]
    public void Commitment_and_keys_are_those_of_the_oracle()
    {
        using var seed = new NoiseSeed(Counting);
        byte[] commitment = new byte[NoiseSeed.CommitmentSize];
        seed.Commit(commitment);
        Assert.AreEqual(Golden.Of("commitment").Single()[0], Convert.ToHexStringLower(commitment));
        foreach (string[] row in Golden.Of("key"))
        {
            NoiseKey key = seed.Key(uint.Parse(row[0], CultureInfo.InvariantCulture));
            Assert.AreEqual($"{row[1]} {row[2]}", $"{key.K0:x8} {key.K1:x8}");
        }
    }

    [TestMethod]
    public void Fresh_seeds_differ_and_a_key_never_shows_itself()
    {
        using var one = new NoiseSeed();
        using var other = new NoiseSeed();
        Assert.IsFalse(one.Bits.SequenceEqual(other.Bits));
        byte[] before = one.Bits.ToArray();
        one.Draw();
        Assert.IsFalse(one.Bits.SequenceEqual(before));
        Assert.AreEqual("(a noise key)", one.Key(0).ToString());
    }

    [TestMethod]
    public void Clearing_leaves_zeros()
    {
        var seed = new NoiseSeed();
        ReadOnlySpan<byte> bits = seed.Bits;
        NoiseKey key = seed.Key(3);
        NoiseKey.Clear(ref key);
        seed.Dispose();
        Assert.AreEqual(default, key);
        Assert.AreEqual(-1, bits.IndexOfAnyExcept((byte)0));
    }

    /// <summary>RFC 2104 by hand: two hashes over the padded key.</summary>
    [TestMethod]
    public void A_seal_is_the_seeds_hmac_over_its_label_and_the_text()
    {
        using var seed = new NoiseSeed(Counting);
        byte[] seal = new byte[NoiseSeed.SealSize], key = [.. Counting, .. new byte[32]];
        seed.Seal("a certificate"u8, seal);
        byte[] inner = SHA256.HashData([.. key.Select(part => (byte)(part ^ 0x36)), .. "edged certificate seal v1\0a certificate"u8]);
        CollectionAssert.AreEqual(SHA256.HashData([.. key.Select(part => (byte)(part ^ 0x5c)), .. inner]), seal);
        byte[] other = new byte[NoiseSeed.SealSize];
        seed.Seal("b certificate"u8, other);
        CollectionAssert.AreNotEqual(seal, other);
    }

    [TestMethod]
    public void Refuses_a_seed_of_another_size() => Assert.ThrowsExactly<ArgumentException>(() => new NoiseSeed(new byte[31]));

    [TestMethod]
    public void Allocates_nothing_once_made()
    {
        using var seed = new NoiseSeed();
        byte[] commitment = new byte[NoiseSeed.CommitmentSize];
        Use();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            Use();
        }

        Assert.AreEqual(before, GC.GetAllocatedBytesForCurrentThread());

        void Use()
        {
            seed.Draw();
            seed.Commit(commitment);
            NoiseKey key = seed.Key(1);
            NoiseKey.Clear(ref key);
        }
    }
}
