using System.Buffers;
using EdgeDaemon.Listeners;

namespace EdgeDaemon.Tests.Listeners;

[TestClass]
public sealed class SegmentPoolTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(SegmentPool.Smallest)]
    [DataRow(SegmentPool.Smallest + 1)]
    [DataRow(SegmentPool.Largest)]
    public void A_block_comes_back_without_what_was_written(int bytes)
    {
        var pool = new SegmentPool();
        IMemoryOwner<byte> first = pool.Rent(bytes);
        Memory<byte> memory = first.Memory;
        Assert.IsGreaterThanOrEqualTo(bytes, memory.Length);
        memory.Span.Fill(0xA5);
        first.Dispose();
        using IMemoryOwner<byte> second = pool.Rent(bytes);
        Assert.AreSame(first, second, "it is the same block");
        Assert.IsFalse(second.Memory.Span.ContainsAnyExcept((byte)0));
    }

    [TestMethod]
    public void An_exact_writers_block_is_zeroed_as_far_as_it_says()
    {
        var pool = new SegmentPool();
        IMemoryOwner<byte> block = pool.RentExact(SegmentPool.Largest);
        block.Memory.Span.Fill(0xA5);
        SegmentPool.Wrote(block, 10);
        SegmentPool.Wrote(block, 1010);
        SegmentPool.Wrote(block, 5);
        block.Dispose();
        using IMemoryOwner<byte> again = pool.Rent(SegmentPool.Largest);
        Assert.IsFalse(again.Memory.Span[..1010].ContainsAnyExcept((byte)0));

        // The control: what it did not own up to is still there, so the zeroes above are the pool's work.
        Assert.IsFalse(again.Memory.Span[1010..].ContainsAnyExcept((byte)0xA5));
    }

    [TestMethod]
    public void An_exact_writers_block_is_zeroed_whole_for_whoever_has_it_next()
    {
        var pool = new SegmentPool();
        pool.RentExact(1).Dispose();
        IMemoryOwner<byte> other = pool.Rent(1);
        other.Memory.Span.Fill(0xA5);
        other.Dispose();
        using IMemoryOwner<byte> next = pool.RentExact(1);
        Assert.IsFalse(next.Memory.Span.ContainsAnyExcept((byte)0));
    }

    [TestMethod]
    public void The_last_to_come_back_goes_first()
    {
        var pool = new SegmentPool();
        IMemoryOwner<byte>[] blocks = [.. Enumerable.Range(0, 40).Select(_ => pool.Rent(1))];
        foreach (IMemoryOwner<byte> block in blocks)
        {
            block.Dispose();
        }

        Assert.AreEqual(40 * SegmentPool.Smallest, pool.WaitingBytes);
        for (int i = blocks.Length - 1; i >= 0; i--)
        {
            Assert.AreSame(blocks[i], pool.RentExact(1));
        }

        Assert.AreEqual(0, pool.WaitingBytes);
    }

    [TestMethod]
    public void A_bounded_number_is_kept()
    {
        var pool = new SegmentPool();
        IMemoryOwner<byte>[] blocks = [.. Enumerable.Range(0, 20).Select(_ => pool.Rent(SegmentPool.Largest))];
        foreach (IMemoryOwner<byte> block in blocks)
        {
            block.Dispose();
        }

        Assert.AreEqual(4 << 20, pool.WaitingBytes);
        Assert.AreEqual(4 << 20, pool.AllocatedBytes);
    }

    [TestMethod]
    public void No_block_is_two_threads_at_once()
    {
        var pool = new SegmentPool();
        int doubled = 0;
        Parallel.For(0, 4, thread =>
        {
            for (int i = 0; i < 20_000; i++)
            {
                using IMemoryOwner<byte> block = pool.RentExact(SegmentPool.Smallest);
                SegmentPool.Wrote(block, 2);
                Span<byte> mine = block.Memory.Span;
                mine[0] = mine[1] = (byte)(thread + 1);
                if (mine[0] != thread + 1 || mine[1] != thread + 1)
                {
                    Interlocked.Increment(ref doubled);
                }
            }
        });
        Assert.AreEqual(0, doubled);
    }
}
