using System.IO.Pipelines;
using EdgeDaemon.Listeners;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>What the server writes to a socket of ours; the end of a flush that is under way is in <see cref="TlsWriterTests"/>.</summary>
[TestClass]
public sealed class PlainWriterTests
{
    private const int Blocks = 64;

    [TestMethod]
    public async Task Whoever_flushes_waits_until_the_caller_reads_and_nothing_is_lost()
    {
        await using HeldConnection held = await HeldConnection.OpenAsync();
        held.Connection.Start();
        PipeWriter writer = held.Connection.Transport.Output;
        Task<FlushResult> flush = Filled(writer).FlushAsync().AsTask();
        Assert.IsFalse(flush.IsCompleted, "16 MiB went into the sockets' buffers: the test shows nothing");
        byte[] buffer = new byte[1 << 20];
        long read = 0;
        while (read < (long)Blocks * SegmentPool.Largest)
        {
            int piece = await held.Client.ReceiveAsync(buffer).WaitAsync(TlsBench.Patience);
            Assert.IsGreaterThan(0, piece);
            for (int i = 0; i < piece; i += 997)
            {
                Assert.AreEqual((byte)((read + i) / SegmentPool.Largest), buffer[i]);
            }

            read += piece;
        }

        Assert.IsFalse((await flush.WaitAsync(TlsBench.Patience)).IsCompleted);
        Assert.AreEqual(0, writer.UnflushedBytes);
        Assert.AreEqual(held.Segments.AllocatedBytes, held.Segments.WaitingBytes, "a block is still held");
    }

    [TestMethod]
    public async Task A_caller_that_vanishes_ends_the_flush_and_all_after_it()
    {
        await using HeldConnection held = await HeldConnection.OpenAsync();
        held.Connection.Start();
        PipeWriter writer = held.Connection.Transport.Output;
        Task<FlushResult> flush = Filled(writer).FlushAsync().AsTask();
        Assert.IsFalse(flush.IsCompleted);
        held.Client.Dispose();
        Assert.IsTrue((await flush.WaitAsync(TlsBench.Patience)).IsCompleted);
        writer.GetSpan(1)[0] = 1;
        writer.Advance(1);
        Assert.IsTrue((await writer.FlushAsync()).IsCompleted);
        Assert.AreEqual(0, writer.UnflushedBytes);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task What_is_completed_in_order_is_sent_first_and_then_the_connection_ends(bool orderly)
    {
        await using HeldConnection held = await HeldConnection.OpenAsync();
        held.Connection.Start();
        PipeWriter writer = held.Connection.Transport.Output;
        "last"u8.CopyTo(writer.GetSpan(4));
        writer.Advance(4);
        await writer.CompleteAsync(orderly ? null : new IOException("cut"));
        byte[] buffer = new byte[16];
        int read = await held.Client.ReceiveAsync(buffer).WaitAsync(TlsBench.Patience);
        Assert.AreEqual(orderly ? 4 : 0, read);
        Assert.AreEqual(0, read == 0 ? 0 : await held.Client.ReceiveAsync(buffer).WaitAsync(TlsBench.Patience));
        Assert.ThrowsExactly<InvalidOperationException>(() => writer.GetMemory(1));
        Assert.IsTrue((await writer.FlushAsync()).IsCompleted);
    }

    [TestMethod]
    public async Task An_answer_of_one_block_allocates_nothing()
    {
        await using HeldConnection held = await HeldConnection.OpenAsync();
        held.Connection.Start();
        PipeWriter writer = held.Connection.Transport.Output;
        byte[] buffer = new byte[100];
        Assert.AreEqual(0, Allocations.Of(Round));

        void Round()
        {
            writer.GetSpan(100)[..100].Fill(7);
            writer.Advance(100);
#pragma warning disable CA2012 // Awaiting would allocate: what is counted is the flush's own.
            Assert.IsTrue(writer.FlushAsync().IsCompletedSuccessfully);
#pragma warning restore CA2012
            for (int left = 100; left > 0;)
            {
                left -= held.Client.Receive(buffer.AsSpan(0, left));
            }
        }
    }

    private static PipeWriter Filled(PipeWriter writer)
    {
        for (int i = 0; i < Blocks; i++)
        {
            Span<byte> room = writer.GetSpan(SegmentPool.Largest);
            room.Fill((byte)i);
            writer.Advance(room.Length);
        }

        return writer;
    }
}
