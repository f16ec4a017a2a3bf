using EdgeDaemon.Listeners;

namespace EdgeDaemon.Tests.Listeners;

[TestClass]
public sealed class ReadySignalTests
{
    [TestMethod]
    public void News_before_the_wait_ends_it_at_once_and_is_taken_once()
    {
        var signal = new ReadySignal();
        signal.Set();
        signal.Set();
        Assert.IsTrue(signal.WaitAsync().AsTask().IsCompleted);
        Assert.IsFalse(signal.WaitAsync().AsTask().IsCompleted);
    }

    [TestMethod]
    public void News_that_is_taken_without_a_wait_is_taken_once()
    {
        var signal = new ReadySignal();
        Assert.IsFalse(signal.TryTake());
        signal.Set();
        Assert.IsTrue(signal.TryTake());
        Assert.IsFalse(signal.TryTake());
        Assert.IsFalse(signal.WaitAsync().AsTask().IsCompleted);
        Assert.IsFalse(signal.TryTake(), "nothing has come, and somebody waits");
    }

    [TestMethod]
    public void Who_is_called_takes_the_news_and_is_called_once()
    {
        var signal = new ReadySignal();
        int calls = 0;
        signal.Set();
        Assert.IsTrue(signal.TryTakeOrCall(() => calls++), "it was there");
        Assert.IsFalse(signal.TryTakeOrCall(() => calls++));
        Assert.IsFalse(signal.TryTake(), "nothing has come, and somebody waits");
        Assert.AreEqual(0, calls);
        signal.Set();
        Assert.AreEqual(1, calls);
        signal.Set();
        Assert.AreEqual(1, calls, "called once for each wait");
        Assert.IsTrue(signal.TryTake(), "nobody has taken the second yet");
    }

    [TestMethod]
    public async Task The_waiter_goes_on_on_the_thread_that_brought_the_news()
    {
        var signal = new ReadySignal();
        int resumed = 0;
        async Task WaitAsync()
        {
            await signal.WaitAsync();
            resumed = Environment.CurrentManagedThreadId;
        }

        Task waiting = WaitAsync();
        int setter = 0;
        var thread = new Thread(() =>
        {
            setter = Environment.CurrentManagedThreadId;
            signal.Set();
        });
        thread.Start();
        thread.Join();
        await waiting;
        Assert.AreEqual(setter, resumed);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void No_news_is_lost_between_threads(bool called)
    {
        // The setter raises a number before each Set; the waiter may see several at once but never stays behind the last.
        const int Last = 200_000;
        var signal = new ReadySignal();
        int raised = 0;
        async Task WaitAsync()
        {
            while (Volatile.Read(ref raised) < Last)
            {
                await signal.WaitAsync();
            }
        }

        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Called()
        {
            do
            {
                if (Volatile.Read(ref raised) >= Last)
                {
                    seen.SetResult();
                    return;
                }
            }
            while (signal.TryTakeOrCall(Called));
        }

        Task waiting = called ? seen.Task : Task.Run(WaitAsync);
        if (called)
        {
            Called();
        }

        var threads = new Thread[2];
        for (int t = 0; t < threads.Length; t++)
        {
            threads[t] = new Thread(() =>
            {
                while (Interlocked.Increment(ref raised) <= Last)
                {
                    signal.Set();
                }

                signal.Set();
            });
            threads[t].Start();
        }

        Array.ForEach(threads, thread => thread.Join());
        Assert.IsTrue(waiting.Wait(TimeSpan.FromSeconds(20)), "the waiter sleeps although there was news");
    }
}
