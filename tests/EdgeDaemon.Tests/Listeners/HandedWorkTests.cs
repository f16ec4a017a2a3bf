using EdgeDaemon.Listeners;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>Long work that is given to the threads: every piece is done, on one of them, with nothing below it, also while others are busy or never come back.</summary>
[TestClass]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class HandedWorkTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    [TestMethod]
    public async Task Work_from_outside_is_done_on_one_of_the_threads_and_work_from_there_stays_where_it_is()
    {
        using var threads = new SocketThreads(2);
        Assert.IsNull(SocketThreads.Mine);
        bool here = false, before = false;
        int first = 0, second = 0;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        threads.RunLong(new Work(() =>
        {
            here = SocketThreads.Mine is not null;
            first = Environment.CurrentManagedThreadId;
            threads.RunLong(new Work(() =>
            {
                second = Environment.CurrentManagedThreadId;
                done.SetResult();
            }));
            before = second == 0;
        }));
        await done.Task.WaitAsync(Long);
        Assert.IsTrue(here);
        Assert.IsTrue(before, "nothing of whoever gave it is below it");
        Assert.AreEqual(first, second);
    }

    [TestMethod]
    public async Task Nothing_is_lost_when_much_is_given_at_once()
    {
        // Signals merge: whatever they were for must be found all the same.
        using var threads = new SocketThreads(2);
        using var done = new CountdownEvent(8 * 500);
        Task[] callers = [.. Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 500; i++)
            {
                threads.RunLong(new Work(() => done.Signal()));
            }
        }))];
        await Task.WhenAll(callers).WaitAsync(Long);
        Assert.IsTrue(done.Wait(Long), $"{done.CurrentCount} are left");
    }

    [TestMethod]
    public void Who_does_not_come_back_keeps_nobody_waiting()
    {
        using var release = new ManualResetEventSlim();
        using var busy = new ManualResetEventSlim();
        using var next = new ManualResetEventSlim();
        using var threads = new SocketThreads(1);
        threads.RunLong(new Work(() =>
        {
            busy.Set();
            release.Wait();
        }));
        Assert.IsTrue(busy.Wait(Long));
        threads.RunLong(new Work(next.Set));
        Assert.IsTrue(next.Wait(Long));
        release.Set();
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Place_of_a_thread_that_said_nothing_is_given_away_by_who_sees_it_and_its_next_work_with_it(bool seen)
    {
        using var release = new ManualResetEventSlim();
        using var busy = new ManualResetEventSlim();
        using var next = new ManualResetEventSlim();
        using var threads = new SocketThreads(1);
        object? stuck = null;
        threads.RunLong(new Work(() => SocketThreads.Continue(new Work(() =>
        {
            // What this thread would do next, once it is back.
            SocketThreads.Continue(new Work(next.Set));
            stuck = SocketThreads.Mine;
            busy.Set();
            release.Wait();
        }))));
        Assert.IsTrue(busy.Wait(Long));
        if (seen)
        {
            SocketThreads.Replace(stuck);
            Assert.IsTrue(next.Wait(Long));
        }
        else
        {
            Assert.IsFalse(next.IsSet); // The control: nobody does it for him.
        }

        release.Set();
        Assert.IsTrue(next.Wait(Long));
    }

    [TestMethod]
    public void Threads_that_never_come_back_do_not_keep_the_end_waiting()
    {
        using var release = new ManualResetEventSlim();
        using var busy = new ManualResetEventSlim();
        var threads = new SocketThreads(1);
        threads.RunLong(new Work(() =>
        {
            busy.Set();
            release.Wait();
        }));
        Assert.IsTrue(busy.Wait(Long));
        Task end = Task.Run(threads.Dispose);
        Assert.IsTrue(end.Wait(Long));
        release.Set();
    }

    private sealed class Work(Action work) : IThreadPoolWorkItem
    {
        public void Execute() => work();
    }
}
