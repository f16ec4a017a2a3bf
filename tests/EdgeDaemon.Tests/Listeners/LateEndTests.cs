using System.IO.Pipelines;
using System.Text;
using EdgeDaemon.Listeners;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>The end of a connection's input is told behind its bytes, never with them; beside it what the pipe alone says.</summary>
[TestClass]
public sealed class LateEndTests
{
    private readonly Pipe _pipe = new(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
    private readonly LateEnd _end;

    public LateEndTests() => _end = new LateEnd(_pipe.Reader);

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task End_that_is_there_with_the_bytes_comes_behind_them(bool tries)
    {
        await WriteAsync("request", ends: true);
        ReadResult first = await ReadAsync(tries);
        Assert.AreEqual(("request", false), Said(first));
        _end.AdvanceTo(first.Buffer.GetPosition(3));
        ReadResult rest = await ReadAsync(tries);
        Assert.AreEqual(("uest", false), Said(rest));
        _end.AdvanceTo(rest.Buffer.End);
        Assert.AreEqual(("", true), Said(await ReadAsync(tries)));
    }

    [TestMethod]
    public async Task The_pipe_alone_says_both_at_once() // The control: without LateEnd there would be nothing to hold back.
    {
        await WriteAsync("request", ends: true);
        Assert.AreEqual(("request", true), Said(await _pipe.Reader.ReadAsync()));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task Who_has_looked_at_all_and_wants_more_is_told_that_there_is_none(bool endsFirst)
    {
        await WriteAsync("half a req", endsFirst);
        ReadResult first = await ReadAsync(tries: false);
        Assert.AreEqual(("half a req", false), Said(first));
        _end.AdvanceTo(first.Buffer.Start, first.Buffer.End);
        ValueTask<ReadResult> second = _end.ReadAsync();
        if (!endsFirst)
        {
            Assert.IsFalse(second.IsCompleted);
            await _pipe.Writer.CompleteAsync();
        }

        ReadResult last = await second;
        if (!last.IsCompleted)
        {
            // It came while somebody waited who had looked at the bytes already: shown to him once more, and then no longer.
            Assert.IsFalse(endsFirst);
            _end.AdvanceTo(last.Buffer.Start, last.Buffer.End);
            last = await _end.ReadAsync();
        }

        Assert.AreEqual(("half a req", true), Said(last));
    }

    [TestMethod]
    public async Task Bytes_and_end_between_a_read_and_its_wait_are_told_apart()
    {
        ValueTask<ReadResult> read = _end.ReadAsync();
        Assert.IsFalse(read.IsCompleted);
        await WriteAsync("late", ends: true);
        ReadResult result = await read;
        Assert.AreEqual(("late", false), Said(result));
        _end.AdvanceTo(result.Buffer.End);
        Assert.AreEqual(("", true), Said(await _end.ReadAsync()));
    }

    [TestMethod]
    public async Task Bytes_in_several_blocks_are_looked_at_wherever_a_block_ends()
    {
        await WriteAsync(new string('x', 5000), ends: false);
        await WriteAsync(new string('y', 5000), ends: true);
        ReadResult first = await ReadAsync(tries: false);
        Assert.IsFalse(first.IsCompleted);
        Assert.IsFalse(first.Buffer.IsSingleSegment);
        _end.AdvanceTo(first.Buffer.Start, first.Buffer.GetPosition(10_000));
        ReadResult last = await _end.ReadAsync();
        Assert.IsTrue(last.IsCompleted);
        Assert.AreEqual(10_000, last.Buffer.Length);
    }

    [TestMethod]
    public async Task A_fault_and_a_cancellation_pass()
    {
        ValueTask<ReadResult> read = _end.ReadAsync();
        _end.CancelPendingRead();
        ReadResult cancelled = await read;
        Assert.IsTrue(cancelled.IsCanceled);
        _end.AdvanceTo(cancelled.Buffer.Start);
        await WriteAsync("x", ends: false);
        await _pipe.Writer.CompleteAsync(new IOException("reset"));
        await Assert.ThrowsExactlyAsync<IOException>(async () => await _end.ReadAsync());
        await _end.CompleteAsync();
    }

    [TestMethod]
    public async Task Waiting_allocates_nothing()
    {
        for (int i = 0; i < 100; i++)
        {
            await RoundAsync();
        }

#pragma warning disable CA2012 // Awaiting would allocate: what is counted is the read's own.
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            ValueTask<ReadResult> read = _end.ReadAsync();
            _pipe.Writer.GetSpan(1)[0] = 1;
            _pipe.Writer.Advance(1);
            Assert.IsTrue(_pipe.Writer.FlushAsync().IsCompletedSuccessfully);
            _end.AdvanceTo(read.Result.Buffer.End);
        }

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
#pragma warning restore CA2012

        async Task RoundAsync()
        {
            await WriteAsync("x", ends: false);
            _end.AdvanceTo((await _end.ReadAsync()).Buffer.End);
        }
    }

    private static (string Bytes, bool Ended) Said(in ReadResult result) => (Encoding.ASCII.GetString(result.Buffer), result.IsCompleted);

    private async Task WriteAsync(string text, bool ends)
    {
        await _pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(text));
        if (ends)
        {
            await _pipe.Writer.CompleteAsync();
        }
    }

    private async ValueTask<ReadResult> ReadAsync(bool tries)
    {
        if (!tries)
        {
            return await _end.ReadAsync();
        }

        Assert.IsTrue(_end.TryRead(out ReadResult result));
        return result;
    }
}
