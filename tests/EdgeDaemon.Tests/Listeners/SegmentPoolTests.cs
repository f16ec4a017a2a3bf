using System.Buffers;
using System.IO.Pipelines;
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
        IMemoryOwner<byte> block = pool.ForExactWriter.Rent(SegmentPool.Largest);
        block.Memory.Span.Fill(0xA5);
        SegmentPool.Wrote(block.Memory, 10);
        SegmentPool.Wrote(block.Memory[10..], 1000);
        SegmentPool.Wrote(block.Memory, 5);
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
        pool.ForExactWriter.Rent(1).Dispose();
        IMemoryOwner<byte> other = pool.Rent(1);
        other.Memory.Span.Fill(0xA5);
        other.Dispose();
        using IMemoryOwner<byte> next = pool.ForExactWriter.Rent(1);
        Assert.IsFalse(next.Memory.Span.ContainsAnyExcept((byte)0));
    }

    [TestMethod]
    public async Task Through_a_pipe_every_block_comes_back_zeroed()
    {
        var pool = new SegmentPool();
        var pipe = new Pipe(new PipeOptions(pool.ForExactWriter, pauseWriterThreshold: 0, minimumSegmentSize: SegmentPool.Smallest, useSynchronizationContext: false));
        var random = new Random(3);
        var blocks = new List<Memory<byte>>();
        for (int i = 0; i < 200; i++)
        {
            Memory<byte> room = pipe.Writer.GetMemory(random.Next(1, 20_000));
            blocks.Add(room);
            int written = random.Next(1, room.Length);
            room.Span[..written].Fill(0xA5);
            SegmentPool.Wrote(room, written);
            pipe.Writer.Advance(written);
            await pipe.Writer.FlushAsync();
            if (i % 3 == 0)
            {
                ReadResult read = await pipe.Reader.ReadAsync();
                pipe.Reader.AdvanceTo(read.Buffer.GetPosition(random.NextInt64(read.Buffer.Length)));
            }
        }

        Assert.IsTrue(blocks.Any(block => block.Span.Contains((byte)0xA5)), "bytes were there");
        await pipe.Writer.CompleteAsync();
        await pipe.Reader.CompleteAsync();
        Assert.IsFalse(blocks.Any(block => block.Span.Contains((byte)0xA5)));
    }
}
