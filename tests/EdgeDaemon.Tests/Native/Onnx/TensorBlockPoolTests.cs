using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Tests.Native.Onnx;

[TestClass]
public sealed class TensorBlockPoolTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(1024)]
    [DataRow(1500)]
    [DataRow(3_000_000)]
    public void A_block_is_zero_for_its_next_owner_whatever_length_was_asked_for(int length)
    {
        using var pool = new TensorBlockPool(64 << 20);
        foreach (int first in (int[])[length, Math.Max(1, length / 2 + length / 4)])
        {
            Assert.IsTrue(pool.TryRent(first, out TensorBlock? block));
            Assert.AreEqual(first, block.GetSpan().Length);
            Assert.IsFalse(block.GetSpan().ContainsAnyExcept((byte)0));
            block.GetSpan().Fill(0xAA);
            block.Return();
            Assert.IsTrue(pool.TryRent(length, out TensorBlock? again));
            Assert.AreSame(block, again, "the same memory comes back");
            Assert.IsFalse(again.GetSpan().ContainsAnyExcept((byte)0));
            again.Return();
        }
    }

    [TestMethod]
    public void More_than_the_budget_is_refused_until_something_comes_back()
    {
        using var pool = new TensorBlockPool(4096);
        Assert.IsTrue(pool.TryRent(2048, out TensorBlock? one));
        Assert.IsTrue(pool.TryRent(2048, out TensorBlock? two));
        Assert.IsFalse(pool.TryRent(1, out TensorBlock? none));
        Assert.IsNull(none);
        Assert.AreEqual(4096, pool.InUse);
        one.Return();
        Assert.IsTrue(pool.TryRent(1, out TensorBlock? three));
        two.Return();
        three.Return();
        Assert.AreEqual(0, pool.InUse);
    }

    [TestMethod]
    public void What_no_block_can_hold_is_refused()
    {
        using var pool = new TensorBlockPool(long.MaxValue / 2);
        foreach (long bytes in (long[])[-1, long.MinValue, 1L << 31, long.MaxValue])
        {
            Assert.IsFalse(pool.TryRent(bytes, out _), $"{bytes}");
        }

        Assert.AreEqual(0, pool.InUse);
        Assert.IsTrue(pool.TryRent(0, out TensorBlock? empty));
        Assert.AreEqual(0, empty.GetSpan().Length);
        empty.Return();
    }

    [TestMethod]
    public async Task Many_threads_never_share_a_block_and_never_see_each_others_bytes()
    {
        using var pool = new TensorBlockPool(64 << 20);
        await Task.WhenAll(Enumerable.Range(1, 4).Select(id => Task.Run(() =>
        {
            var random = new Random(id);
            for (int i = 0; i < 5000; i++)
            {
                Assert.IsTrue(pool.TryRent(random.Next(1, 9000), out TensorBlock? block));
                Assert.IsFalse(block.GetSpan().ContainsAnyExcept((byte)0));
                block.GetSpan().Fill((byte)id);
                Assert.IsFalse(block.GetSpan().ContainsAnyExcept((byte)id));
                block.Return();
            }
        })));
        Assert.AreEqual(0, pool.InUse);
    }
}
