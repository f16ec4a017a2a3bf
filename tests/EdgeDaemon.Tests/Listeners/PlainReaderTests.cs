using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using EdgeDaemon.Listeners;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>What the server reads from a socket of ours.</summary>
[TestClass]
public sealed class PlainReaderTests
{
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task An_end_that_is_there_with_the_bytes_comes_behind_them(bool together)
    {
        await using HeldConnection held = await HeldConnection.OpenAsync();
        PipeReader reader = Reader(held);
        await held.Client.SendAsync("request"u8.ToArray());
        if (together)
        {
            held.Client.Shutdown(SocketShutdown.Send);
            await UntilAsync(() => held.Connection.InputEnds);
        }

        ReadResult first = await ReadAsync(reader);
        Assert.AreEqual(("request", false), Said(first));
        reader.AdvanceTo(first.Buffer.GetPosition(3), first.Buffer.GetPosition(3));
        Assert.IsTrue(reader.TryRead(out ReadResult rest), "what nobody has looked at is there at once");
        Assert.AreEqual(("uest", false), Said(rest));
        reader.AdvanceTo(rest.Buffer.End);
        if (!together)
        {
            held.Client.Shutdown(SocketShutdown.Send);
        }

        Assert.AreEqual(("", true), Said(await ReadAsync(reader)));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task Who_has_looked_at_all_and_wants_more_is_told_that_there_is_none(bool endsFirst)
    {
        await using HeldConnection held = await HeldConnection.OpenAsync();
        PipeReader reader = Reader(held);
        await held.Client.SendAsync("half a req"u8.ToArray());
        if (endsFirst)
        {
            held.Client.Shutdown(SocketShutdown.Send);
        }

        ReadResult first = await ReadAsync(reader);
        Assert.AreEqual(("half a req", false), Said(first));
        reader.AdvanceTo(first.Buffer.Start, first.Buffer.End);
        ValueTask<ReadResult> second = reader.ReadAsync();
        if (!endsFirst)
        {
            Assert.IsFalse(second.IsCompleted);
            held.Client.Shutdown(SocketShutdown.Send);
        }

        Assert.AreEqual(("half a req", true), Said(await second.AsTask().WaitAsync(TlsBench.Patience)));
    }

    /// <summary>Whatever the pieces that come, and those that are looked at and taken: the same bytes in the same order, and every block comes back empty.</summary>
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public async Task Pieces_of_every_size_are_taken_in_order(int seed)
    {
        await using HeldConnection held = await HeldConnection.OpenAsync();
        PipeReader reader = Reader(held);
        byte[] sent = new byte[2_000_000];
        new Random(seed).NextBytes(sent);
        Task sending = Task.Run(async () =>
        {
            var pieces = new Random(-seed);
            for (int at = 0; at < sent.Length;)
            {
                int take = Math.Min(pieces.Next(3) == 0 ? pieces.Next(1, 60_000) : pieces.Next(1, 900), sent.Length - at);
                await held.Client.SendAsync(sent.AsMemory(at, take));
                at += take;
            }

            held.Client.Shutdown(SocketShutdown.Send);
        });
        var random = new Random(seed * 7);
        int taken = 0;
        bool several = false;
        while (true)
        {
            ReadResult result = await ReadAsync(reader);
            ReadOnlySequence<byte> shown = result.Buffer;
            several |= !shown.IsSingleSegment;
            Assert.IsTrue(shown.ToArray().AsSpan().SequenceEqual(sent.AsSpan(taken, (int)shown.Length)));
            if (result.IsCompleted && shown.IsEmpty)
            {
                break;
            }

            long take = random.Next(4) == 0 ? 0 : random.NextInt64(shown.Length + 1);
            long look = random.Next(3) == 0 ? take : take + random.NextInt64(shown.Length - take + 1);
            if (result.IsCompleted || shown.Length > 400_000)
            {
                take = look = shown.Length;
            }

            reader.AdvanceTo(shown.GetPosition(take), shown.GetPosition(look));
            taken += (int)take;
        }

        await sending.WaitAsync(TlsBench.Patience);
        Assert.AreEqual(sent.Length, taken);
        Assert.IsTrue(several, "nothing was ever in two blocks");
        await reader.CompleteAsync();
        AssertAllGivenBackEmpty(held);
    }

    [TestMethod]
    public async Task Nothing_is_held_while_nothing_arrives()
    {
        await using HeldConnection held = await HeldConnection.OpenAsync();
        PipeReader reader = Reader(held);
        for (int i = 0; i < 3; i++)
        {
            ValueTask<ReadResult> read = reader.ReadAsync();
            Assert.IsFalse(read.IsCompleted);
            Assert.AreEqual(held.Segments.AllocatedBytes, held.Segments.WaitingBytes);
            await held.Client.SendAsync("x"u8.ToArray());
            ReadResult result = await read.AsTask().WaitAsync(TlsBench.Patience);
            Assert.IsGreaterThan(held.Segments.WaitingBytes, held.Segments.AllocatedBytes);
            reader.AdvanceTo(result.Buffer.End);
        }
    }

    /// <summary>A block for each piece would let a caller take a thousand times what it sends.</summary>
    [TestMethod]
    public async Task What_comes_byte_by_byte_and_is_not_taken_lies_in_one_block()
    {
        await using HeldConnection held = await HeldConnection.OpenAsync();
        PipeReader reader = Reader(held);
        for (int i = 1; i <= 1000; i++)
        {
            await held.Client.SendAsync("x"u8.ToArray());
            ReadResult result = await ReadAsync(reader);
            Assert.AreEqual(i, result.Buffer.Length);
            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }

        Assert.AreEqual(SegmentPool.Smallest, held.Segments.AllocatedBytes);
    }

    [TestMethod]
    public async Task A_cancelled_read_ends_with_what_is_there_and_the_next_goes_on()
    {
        await using HeldConnection held = await HeldConnection.OpenAsync();
        PipeReader reader = Reader(held);
        ValueTask<ReadResult> read = reader.ReadAsync();
        reader.CancelPendingRead();
        ReadResult cancelled = await read;
        Assert.IsTrue(cancelled.IsCanceled);
        Assert.IsTrue(cancelled.Buffer.IsEmpty);
        reader.AdvanceTo(cancelled.Buffer.Start, cancelled.Buffer.End);

        using var patience = new CancellationTokenSource();
        read = reader.ReadAsync(patience.Token);
        await patience.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await read);

        await held.Client.SendAsync("on"u8.ToArray());
        ReadResult next = await ReadAsync(reader);
        Assert.AreEqual(("on", false), Said(next));
        reader.AdvanceTo(next.Buffer.Start, next.Buffer.End);
        reader.CancelPendingRead();
        ReadResult again = await ReadAsync(reader);
        Assert.IsTrue(again.IsCanceled);
        Assert.AreEqual("on", Said(again).Bytes);
    }

    [TestMethod]
    public async Task A_reset_is_a_fault()
    {
        await using HeldConnection held = await HeldConnection.OpenAsync();
        PipeReader reader = Reader(held);
        ValueTask<ReadResult> read = reader.ReadAsync();
        held.Client.LingerState = new LingerOption(true, 0);
        held.Client.Dispose();
        await Assert.ThrowsAsync<IOException>(async () => await read.AsTask().WaitAsync(TlsBench.Patience));
    }

    [TestMethod]
    public async Task What_was_not_taken_goes_back_with_the_end_and_nothing_can_be_read_behind_it()
    {
        await using HeldConnection held = await HeldConnection.OpenAsync();
        PipeReader reader = Reader(held);
        await held.Client.SendAsync("left"u8.ToArray());
        ReadResult result = await ReadAsync(reader);
        reader.AdvanceTo(result.Buffer.Start, result.Buffer.Start);
        await reader.CompleteAsync();
        AssertAllGivenBackEmpty(held);
        Assert.ThrowsExactly<ObjectDisposedException>(() => reader.TryRead(out _));
    }

    [TestMethod]
    public async Task A_read_that_waits_when_the_reader_ends_takes_nothing()
    {
        await using HeldConnection held = await HeldConnection.OpenAsync();
        PipeReader reader = Reader(held);
        Task<ReadResult> read = reader.ReadAsync().AsTask();
        await reader.CompleteAsync();
        await held.Client.SendAsync("nobody's"u8.ToArray());
        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(() => read.WaitAsync(TlsBench.Patience));
        Assert.AreEqual(0, held.Segments.AllocatedBytes, "a block was taken for what nobody reads");
    }

    [TestMethod]
    public async Task Reading_allocates_nothing()
    {
        await using HeldConnection held = await HeldConnection.OpenAsync();
        PipeReader reader = Reader(held);
        byte[] bytes = new byte[100];
        Assert.AreEqual(0, Allocations.Of(Round));

        void Round()
        {
            held.Client.Send(bytes.AsSpan());
            ReadResult result;
            while (!reader.TryRead(out result))
            {
                Thread.Yield(); // The socket's own threads have not told of it yet.
            }

            reader.AdvanceTo(result.Buffer.End);
        }
    }

    /// <summary>HTTP/2's reads begin on one thread of the pool and end on another.</summary>
    [TestMethod]
    public async Task Reads_that_one_thread_begins_and_another_takes_allocate_nothing()
    {
        await using HeldConnection held = await HeldConnection.OpenAsync();
        PipeReader reader = Reader(held);
        byte[] bytes = new byte[100];
        ValueTask<ReadResult> read = default;
        int turn = 0; // 1: the other's; 2: over
        var other = new Thread(() =>
        {
            while (Volatile.Read(ref turn) != 2)
            {
                if (Volatile.Read(ref turn) == 1 && read.IsCompleted)
                {
                    reader.AdvanceTo(read.Result.Buffer.End);
                    Volatile.Write(ref turn, 0);
                }

                Thread.Yield();
            }
        });
        other.Start();
        try
        {
            Assert.AreEqual(0, Allocations.Of(Round));
        }
        finally
        {
            Volatile.Write(ref turn, 2);
            other.Join();
        }

        void Round()
        {
            read = reader.ReadAsync();
            held.Client.Send(bytes.AsSpan());
            Volatile.Write(ref turn, 1);
            while (Volatile.Read(ref turn) == 1)
            {
                Thread.Yield();
            }
        }
    }

    private static PipeReader Reader(HeldConnection held)
    {
        held.Connection.Start();
        return held.Connection.Transport.Input;
    }

    private static async Task<ReadResult> ReadAsync(PipeReader reader) => await reader.ReadAsync().AsTask().WaitAsync(TlsBench.Patience);

    private static (string Bytes, bool Ended) Said(in ReadResult result) => (Encoding.ASCII.GetString(result.Buffer), result.IsCompleted);

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(TlsBench.Patience);
        while (!holds())
        {
            await Task.Delay(5, patience.Token);
        }
    }

    private static void AssertAllGivenBackEmpty(HeldConnection held)
    {
        Assert.IsGreaterThan(0, held.Segments.AllocatedBytes, "no block was ever used");
        Assert.AreEqual(held.Segments.AllocatedBytes, held.Segments.WaitingBytes);
        for (int size = 4096; size <= 256 * 1024; size *= 4)
        {
            for (long waiting = held.Segments.WaitingBytes; waiting > 0;)
            {
                IMemoryOwner<byte> block = held.Segments.RentExact(size);
                Assert.IsFalse(block.Memory.Span.ContainsAnyExcept((byte)0));
                if (held.Segments.WaitingBytes == waiting)
                {
                    break; // A new one: none of this size is left.
                }

                waiting = held.Segments.WaitingBytes;
            }
        }
    }
}
