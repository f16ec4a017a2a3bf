using EdgeDaemon.Listeners;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>What enters the threads from outside: every piece is done, on one of them, also while others are busy.</summary>
[TestClass]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class HandedWorkTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    [TestMethod]
    public async Task Who_enters_goes_on_on_one_of_the_threads_and_stays_there()
    {
        using var threads = new SocketThreads(2);
        Assert.IsFalse(SocketThreads.Here);
        (bool here, bool same) = await RunAsync(threads).WaitAsync(Long);
        await Task.Yield(); // No thread can wait for its own end.
        Assert.IsTrue(here);
        Assert.IsTrue(same, "entered from one of the threads already");

        static async Task<(bool, bool)> RunAsync(SocketThreads threads)
        {
            await threads.Enter();
            bool here = SocketThreads.Here;
            int first = Environment.CurrentManagedThreadId;
            await threads.Enter();
            return (here, first == Environment.CurrentManagedThreadId);
        }
    }

    [TestMethod]
    public async Task Nothing_is_lost_when_many_enter_at_once()
    {
        // Signals merge: whatever they were for must be found all the same.
        using var threads = new SocketThreads(2);
        int done = 0;
        Task[] callers = [.. Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (int i = 0; i < 500; i++)
            {
                await EnterAsync();
            }
        }))];
        await Task.WhenAll(callers).WaitAsync(Long);
        await Task.Yield();
        Assert.AreEqual(8 * 500, done);

        async Task EnterAsync()
        {
            await Task.Yield(); // Leaves the threads, so that each round enters from outside.
            await threads.Enter();
            Interlocked.Increment(ref done);
        }
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Long_work_that_was_announced_keeps_nobody_from_entering(bool announced)
    {
        using var release = new ManualResetEventSlim();
        using var threads = new SocketThreads(1);
        var busy = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task blocker = BlockAsync();
        await busy.Task.WaitAsync(Long);
        Task next = NextAsync();
        if (announced)
        {
            await next.WaitAsync(Long);
            await Task.Yield();
        }
        else
        {
            // The control: the only thread is taken.
            Assert.IsFalse(next.IsCompleted);
        }

        release.Set();
        await Task.WhenAll(blocker, next).WaitAsync(Long);
        await Task.Yield();

        async Task BlockAsync()
        {
            await threads.Enter();
            if (announced)
            {
                SocketThreads.BeginLongWork();
            }

            busy.SetResult();
            release.Wait();
        }

        async Task NextAsync() => await threads.Enter();
    }
}
