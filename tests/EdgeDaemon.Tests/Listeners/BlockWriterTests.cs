using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Listeners;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Tests.Listeners;

[TestClass]
public sealed class BlockWriterTests
{
    [TestMethod]
    public void What_is_asked_for_at_once_is_one_block_of_that_size_and_goes_back_when_done()
    {
        using var pool = new TensorBlockPool(1 << 20);
        var writer = new BlockWriter(pool, 1 << 20, Refusal.BodyTooLarge);
        Assert.IsNull(writer.Block);
        Assert.IsGreaterThanOrEqualTo(600_000, writer.GetSpan(600_000).Length);
        TensorBlock block = writer.Block!;
        for (int i = 0; i < 6; i++)
        {
            writer.GetSpan(600_000 - (100_000 * i))[..100_000].Fill((byte)i);
            writer.Advance(100_000);
        }

        Assert.AreSame(block, writer.Block);
        Assert.AreEqual(600_000, writer.Written.Length);
        Assert.AreEqual(5, writer.Written[^1]);
        writer.Truncate(10);
        Assert.AreEqual(10, writer.Written.Length);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => writer.Truncate(11));
        writer.Dispose();
        Assert.AreEqual(0, pool.InUse);
    }

    [TestMethod]
    public void More_than_the_limit_or_the_budget_is_refused()
    {
        using var pool = new TensorBlockPool(1 << 20);
        using var writer = new BlockWriter(pool, 100_000, Refusal.BodyTooLarge);
        Assert.AreEqual(Refusal.BodyTooLarge, Assert.ThrowsExactly<RefusedException>(() => writer.GetSpan(100_001)).Refusal);
        using var large = new BlockWriter(pool, 1 << 30, Refusal.BodyTooLarge);
        Assert.AreEqual(Refusal.AdmissionMemory, Assert.ThrowsExactly<RefusedException>(() => large.GetSpan(2 << 20)).Refusal);
    }
}
