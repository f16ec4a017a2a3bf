using System.Buffers.Binary;
using System.Security.Cryptography;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Engine;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Tests.Audit;

[TestClass]
public sealed class TensorHasherTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(1, TensorHasher.KeyBytes).Select(i => (byte)i)];

    [TestMethod]
    public void One_tensor_has_the_digest_of_its_bytes_and_several_that_of_their_digests()
    {
        using var hasher = new TensorHasher(AuditDigest.Sha256, AuditDigest.None, []);
        byte[] one = [1, 2, 3], two = [4, 5];
        Assert.AreEqual(Convert.ToHexString(SHA256.HashData(one)), Hex(hasher, one));
        Assert.AreEqual(Convert.ToHexString(SHA256.HashData((byte[])[.. SHA256.HashData(one), .. SHA256.HashData(two)])), Hex(hasher, one, two));
        Assert.AreNotEqual(Hex(hasher, [1, 2], [3, 4, 5]), Hex(hasher, one, two), "where one ends and the next begins counts");
        Assert.AreEqual("", Hex(hasher), "no tensor, no digest");
    }

    /// <summary>GHASH by NIST SP 800-38D's own words, bit by bit, and AES alone from the library: nothing of GCM's is used to judge it.</summary>
    [TestMethod]
    public void Gmac_is_what_the_standard_says_and_no_nonce_comes_twice()
    {
        using var hasher = new TensorHasher(AuditDigest.Gmac, AuditDigest.None, Key);
        byte[] one = [.. Enumerable.Range(0, 100).Select(i => (byte)i)], two = [7];
        var nonces = new HashSet<string>();
        for (int i = 0; i < 5; i++)
        {
            byte[] value = Convert.FromHexString(Hex(hasher, one));
            Assert.HasCount(TensorHasher.GmacBytes, value);
            Assert.IsTrue(nonces.Add(Convert.ToHexString(value.AsSpan(0, 12))));
            Assert.AreEqual(Convert.ToHexString(Gmac(value[..12], one)), Convert.ToHexString(value.AsSpan(12)));
        }

        // Several: each under the next nonce, then those tags under the one behind them.
        byte[] joined = Convert.FromHexString(Hex(hasher, one, two));
        byte[] tags = [.. Gmac(joined[..12], one), .. Gmac(Next(joined[..12], 1), two)];
        Assert.AreEqual(Convert.ToHexString(Gmac(Next(joined[..12], 2), tags)), Convert.ToHexString(joined.AsSpan(12)));
        Assert.AreEqual(Convert.ToHexString(Next(joined[..12], 3)), Hex(hasher, one)[..24], "and the next one begins behind all three");

        // The control: another byte, another tag.
        byte[] other = Convert.FromHexString(Hex(hasher, one));
        one[3] ^= 1;
        Assert.AreNotEqual(Convert.ToHexString(Gmac(other[..12], one)), Convert.ToHexString(other.AsSpan(12)));
    }

    [TestMethod]
    public void Nothing_is_allocated_for_it()
    {
        foreach (AuditDigest algorithm in new[] { AuditDigest.Sha256, AuditDigest.Gmac })
        {
            using var hasher = new TensorHasher(algorithm, AuditDigest.None, Key);
            using var pool = new TensorBlockPool(1 << 20);
            EngineInput[] inputs = Inputs(pool, [[1, 2, 3], [4]]);
            var digest = new TensorDigest();
            hasher.Digest(inputs, digest);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                hasher.Digest(inputs, digest);
            }

            Assert.AreEqual(before, GC.GetAllocatedBytesForCurrentThread(), $"{algorithm}");
        }
    }

    private static string Hex(TensorHasher hasher, params byte[][] tensors)
    {
        using var pool = new TensorBlockPool(1 << 20);
        var digest = new TensorDigest();
        hasher.Digest(Inputs(pool, tensors), digest);
        return Convert.ToHexString(digest.Value);
    }

    private static EngineInput[] Inputs(TensorBlockPool pool, byte[][] tensors) => [.. tensors.Select(tensor =>
    {
        TensorBlock block = pool.Rent(Math.Max(1, tensor.Length), null);
        tensor.CopyTo(block.GetSpan());
        TensorShape.TryCreate([tensor.Length], out TensorShape shape);
        return new EngineInput(shape, block, tensor.Length);
    })];

    private static byte[] Next(byte[] nonce, int by)
    {
        byte[] next = [.. nonce];
        BinaryPrimitives.WriteUInt64BigEndian(next.AsSpan(4), BinaryPrimitives.ReadUInt64BigEndian(nonce.AsSpan(4)) + (ulong)by);
        return next;
    }

    private static byte[] Gmac(byte[] nonce, byte[] data)
    {
        using var aes = Aes.Create();
        aes.Key = Key;
        UInt128 h = Read(aes.EncryptEcb(new byte[16], PaddingMode.None));
        UInt128 y = 0;
        byte[] padded = [.. data, .. new byte[(16 - (data.Length % 16)) % 16], .. Write((UInt128)(ulong)(data.Length * 8) << 64)];
        for (int at = 0; at < padded.Length; at += 16)
        {
            y = Product(y ^ Read(padded.AsSpan(at, 16)), h);
        }

        return Write(y ^ Read(aes.EncryptEcb((byte[])[.. nonce, 0, 0, 0, 1], PaddingMode.None)));
    }

    // Section 6.3: the leftmost bit is the polynomial's lowest.
    private static UInt128 Product(UInt128 x, UInt128 y)
    {
        UInt128 z = 0, v = y;
        for (int bit = 127; bit >= 0; bit--)
        {
            z ^= ((x >> bit) & 1) == 1 ? v : 0;
            v = (v & 1) == 0 ? v >> 1 : (v >> 1) ^ ((UInt128)0xE1 << 120);
        }

        return z;
    }

    private static UInt128 Read(ReadOnlySpan<byte> block) => BinaryPrimitives.ReadUInt128BigEndian(block);

    private static byte[] Write(UInt128 value)
    {
        byte[] block = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(block, value);
        return block;
    }
}
