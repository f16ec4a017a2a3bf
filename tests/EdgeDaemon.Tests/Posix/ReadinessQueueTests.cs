using System.Diagnostics;
using System.IO.Pipes;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Tests.Posix;

[TestClass]
public sealed class ReadinessQueueTests
{
    [TestMethod]
    public void Changes_are_taken_several_at_a_time_each_once()
    {
        using var queue = new ReadinessQueue();
        AnonymousPipeServerStream[] pipes = [.. Enumerable.Range(0, 11).Select(_ => new AnonymousPipeServerStream(PipeDirection.Out))];
        try
        {
            for (int i = 0; i < pipes.Length; i++)
            {
                queue.Watch(pipes[i].ClientSafePipeHandle, (ulong)i + 1);
                pipes[i].WriteByte(1);
            }

            var into = new SocketChange[20];
            Assert.AreEqual(2, queue.Take(into.AsSpan(0, 2), TimeSpan.Zero));
            Assert.AreEqual(ReadinessQueue.MostAtOnce, queue.Take(into.AsSpan(2), Timeout.InfiniteTimeSpan));
            Assert.AreEqual(1, queue.Take(into.AsSpan(10), TimeSpan.FromMicroseconds(50)));
            Assert.AreEqual(0, queue.Take(into.AsSpan(11), TimeSpan.Zero));
            CollectionAssert.AreEqual(Enumerable.Range(1, 11).Select(i => (ulong)i).ToArray(), into.Take(11).Select(change => change.Token).ToArray());
            Assert.IsTrue(into.Take(11).All(change => change.Readiness == Readiness.Input));
        }
        finally
        {
            Array.ForEach(pipes, pipe => pipe.Dispose());
        }
    }

    [TestMethod]
    [DataRow(0.05)]
    [DataRow(0.9)]
    [DataRow(1)]
    [DataRow(20.5)]
    public void A_wait_without_news_ends_not_before_its_time(double milliseconds)
    {
        using var queue = new ReadinessQueue();
        var wait = TimeSpan.FromMilliseconds(milliseconds);
        var waited = Stopwatch.StartNew();
        Assert.AreEqual(0, queue.Take(new SocketChange[1], wait));
        Assert.IsGreaterThanOrEqualTo(wait, waited.Elapsed);
    }

    [TestMethod]
    public void The_end_is_reported_again_and_again_and_a_signal_once()
    {
        using var queue = new ReadinessQueue();
        var into = new SocketChange[2];
        queue.Signal();
        Assert.AreEqual(1, queue.Take(into, Timeout.InfiniteTimeSpan));
        Assert.AreEqual(ReadinessQueue.Signalled, into[0].Token);
        Assert.AreEqual(0, queue.Take(into, TimeSpan.Zero));

        queue.End();
        for (int i = 0; i < 3; i++)
        {
            Assert.AreEqual(1, queue.Take(into, Timeout.InfiniteTimeSpan));
            Assert.AreEqual(ReadinessQueue.Ended, into[0].Token);
        }
    }
}
