using System.Buffers;
using System.IO.Pipelines;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Listeners;
using EdgeDaemon.Tests.Identity;

namespace EdgeDaemon.Tests.Listeners;

[TestClass]
public sealed class RequestBodyTests
{
    private static readonly LimitSettings Limits = TenantTableTests.Parse("format = 1").Limits;

    private readonly Pipe _pipe = new(new PipeOptions(minimumSegmentSize: 16, pauseWriterThreshold: 0, useSynchronizationContext: false));
    private readonly BodyClock _clock = new();

    private RequestBody Body => new(_pipe.Reader, 1000, Limits, _clock);

    [TestMethod]
    public async Task What_is_there_is_read_without_a_wait_in_order_and_no_further_than_asked()
    {
        await WriteAsync(0, 100);
        byte[] first = new byte[7], second = new byte[93];
        Assert.IsTrue(Read(first).IsCompletedSuccessfully);
        Assert.IsTrue(Read([]).IsCompletedSuccessfully);
        Assert.IsTrue(Read(second).IsCompletedSuccessfully);
        CollectionAssert.AreEqual(Bytes(0, 100), (byte[])[.. first, .. second]);
        Assert.AreEqual(100, _clock.Bytes);
    }

    [TestMethod]
    public void What_is_there_is_read_without_an_allocation()
    {
        byte[] piece = new byte[8];
        var pipe = new Pipe(); // One segment: a pipe makes room of its own for many that are given back.
        pipe.Writer.Write(Bytes(0, 600));
        pipe.Writer.FlushAsync().AsTask().GetAwaiter().GetResult();
        var body = new RequestBody(pipe.Reader, 600, Limits, _clock);
        void Once() => body.ReadExactlyAsync(piece).AsTask().GetAwaiter().GetResult();
        Once();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++)
        {
            Once();
        }

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    public async Task What_comes_in_pieces_is_waited_for()
    {
        byte[] all = new byte[500];
        await WriteAsync(0, 3);
        Task read = Read(all);
        for (int at = 3; at < 500;)
        {
            Assert.IsFalse(read.IsCompleted);
            int count = Math.Min(1 + (at % 41), 500 - at);
            await WriteAsync(at, count);
            at += count;
        }

        await read;
        CollectionAssert.AreEqual(Bytes(0, 500), all);
        Assert.AreEqual(500, _clock.Bytes);
        Assert.IsFalse(_clock.Ended);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task A_body_that_ends_early_is_refused_whether_or_not_its_end_was_waited_for(bool waited)
    {
        byte[] room = new byte[20];
        await WriteAsync(0, 19);
        Task? read = null;
        if (waited)
        {
            read = Read(room);
        }

        await _pipe.Writer.CompleteAsync();
        RefusedException refused = await Assert.ThrowsExactlyAsync<RefusedException>(() => read ?? Read(room));
        Assert.AreEqual(Refusal.BodyTruncated, refused.Refusal);
        Assert.AreEqual("the body ended 1 bytes early", refused.Message);
        Assert.AreEqual(19, _clock.Bytes);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task A_connection_that_fails_is_a_caller_that_has_gone(bool waited)
    {
        byte[] room = new byte[20];
        Task? read = null;
        if (waited)
        {
            read = Read(room);
        }

        await _pipe.Writer.CompleteAsync(new IOException("gone"));
        RefusedException refused = await Assert.ThrowsExactlyAsync<RefusedException>(() => read ?? Read(room));
        Assert.AreEqual(Refusal.BodyAborted, refused.Refusal);
    }

    [TestMethod]
    public async Task A_read_that_was_called_off_is_a_body_that_was_too_slow()
    {
        _pipe.Reader.CancelPendingRead();
        RefusedException refused = await Assert.ThrowsExactlyAsync<RefusedException>(() => Read(new byte[20]));
        Assert.AreEqual(Refusal.BodyTooSlow, refused.Refusal);
        Task read = Read(new byte[20]);
        _pipe.Reader.CancelPendingRead();
        refused = await Assert.ThrowsExactlyAsync<RefusedException>(() => read);
        Assert.AreEqual(Refusal.BodyTooSlow, refused.Refusal);
    }

    private Task Read(byte[] room) => Body.ReadExactlyAsync(room).AsTask();

    private async Task WriteAsync(int first, int count)
    {
        await _pipe.Writer.WriteAsync(Bytes(first, count));
    }

    private static byte[] Bytes(int first, int count) => [.. Enumerable.Range(first, count).Select(i => (byte)(i * 7))];
}
