using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Tests.Native.Onnx;

[TestClass]
public sealed class TensorBlockPoolTests
{
    [TestMethod]
    public void Blocks_are_zero_and_as_long_as_asked()
    {
        using var pool = new TensorBlockPool(1L << 30);
        var random = new Random(5);
        for (int round = 0; round < 3000; round++)
        {
            int bytes = random.Next(0, 4) == 0 ? random.Next(0, 3 << 20) : random.Next(0, 5000);
            Assert.IsTrue(pool.TryRent(bytes, out TensorBlock? block));
            Assert.AreEqual(bytes, block.Length);
            Assert.AreEqual(bytes, block.Memory.Length);
            Assert.AreEqual(-1, block.GetSpan().IndexOfAnyExcept((byte)0), "zero, whoever had it before");
            block.GetSpan().Fill(0xA5);
            block.Return();
        }

        Assert.AreEqual(0, pool.InUse);
    }

    [TestMethod]
    public void The_budget_holds_and_comes_back()
    {
        using var pool = new TensorBlockPool(10_000);
        Assert.IsTrue(pool.TryRent(4096, out TensorBlock? first));
        Assert.IsTrue(pool.TryRent(3000, out TensorBlock? second));
        Assert.AreEqual(8192, pool.InUse);
        Assert.IsFalse(pool.TryRent(2049, out TensorBlock? third));
        Assert.IsNull(third);
        Assert.IsFalse(pool.TryRent(-1, out _));
        Assert.IsFalse(pool.TryRent(1L << 31, out _));
        Assert.IsFalse(pool.TryRent(long.MaxValue, out _));
        second.Return();
        Assert.IsTrue(pool.TryRent(2049, out third));
        third.Return();
        first.Return();
        Assert.AreEqual(0, pool.InUse);
    }

    [TestMethod]
    public void A_block_is_returned_once()
    {
        using var pool = new TensorBlockPool(1 << 20);
        Assert.IsTrue(pool.TryRent(10, out TensorBlock? block));
        block.Return();
        Assert.ThrowsExactly<InvalidOperationException>(block.Return);
        Assert.AreEqual(0, block.GetSpan().Length, "a returned block shows nothing");
        ((IDisposable)block).Dispose();
        Assert.AreEqual(0, pool.InUse);
    }

    [TestMethod]
    public void What_is_kept_is_bounded()
    {
        using var pool = new TensorBlockPool(1L << 30);
        foreach (int bytes in new[] { 100, 5000, 1 << 20, 16 << 20, 40 << 20 })
        {
            var blocks = new List<TensorBlock>();
            for (int i = 0; i < 200 && pool.TryRent(bytes, out TensorBlock? block); i++)
            {
                blocks.Add(block);
            }

            blocks.ForEach(block => block.Return());
            Assert.IsLessThanOrEqualTo(32L << 20, pool.Kept);
        }

        Assert.AreEqual(0, pool.InUse);
        pool.Dispose();
        Assert.AreEqual(0, pool.Kept);
    }

    [TestMethod]
    public void Threads_never_share_a_block()
    {
        using var pool = new TensorBlockPool(1L << 30);
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, worker =>
        {
            var random = new Random(worker);
            var mine = new List<TensorBlock>();
            for (int round = 0; round < 5000; round++)
            {
                if (mine.Count < 30 && random.Next(2) == 0)
                {
                    Assert.IsTrue(pool.TryRent(random.Next(1, 9000), out TensorBlock? block));
                    Assert.AreEqual(-1, block.GetSpan().IndexOfAnyExcept((byte)0));
                    block.GetSpan().Fill((byte)(worker + 1));
                    mine.Add(block);
                }
                else if (mine.Count > 0)
                {
                    TensorBlock block = mine[random.Next(mine.Count)];
                    mine.Remove(block);
                    Assert.AreEqual(-1, block.GetSpan().IndexOfAnyExcept((byte)(worker + 1)));
                    block.Return();
                }
            }

            mine.ForEach(block => block.Return());
        });
        Assert.AreEqual(0, pool.InUse);
        Assert.IsLessThanOrEqualTo(32L << 20, pool.Kept);
    }

    [TestMethod]
    public void A_string_output_beyond_the_budget_is_a_refusal()
    {
        using OnnxSession session = TestRuntime.Get().CreateSession(Graph.Identity(8, "N"), new OnnxSessionOptions());
        using var small = new TensorBlockPool(1024);
        using OnnxRun run = session.NewRun(small);
        byte[] text = Running.Bytes(new string('x', 2000));
        TensorBlock block = Running.Block(text);
        run.SetInput(0, Running.Shape(1), block, text.Length);
        var refusal = Assert.ThrowsExactly<EdgeDaemon.Core.Protocol.RefusedException>(run.Execute);
        Assert.AreEqual(EdgeDaemon.Core.Protocol.Refusal.AdmissionMemory, refusal.Refusal);
        run.Clear();
        block.Return();
        Assert.AreEqual(0, small.InUse);
    }
}
