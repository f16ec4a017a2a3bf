using System.Net.Sockets;
using EdgeDaemon.Listeners;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>Sockets that the runtime's pool waits for. Nothing is judged by how long it took: every piece of news comes, whatever the pool was doing.</summary>
[TestClass]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class CallPumpTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("edged-pump-").FullName, "s");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public CallPumpTests()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(_path));
        _listener.Listen();
        _listener.Blocking = false;
    }

    public void Dispose()
    {
        _listener.Dispose();
        Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);
    }

    /// <summary>The control is the same socket before it was handed over.</summary>
    [TestMethod]
    public void What_was_handed_to_the_pool_is_reported_there_and_what_was_not_is_not()
    {
        (Socket caller, StreamSocket socket) = Connect();
        using (caller)
        using (socket)
        using (var threads = new SocketThreads(1))
        {
            using var owner = new Reader(socket);
            ulong token = threads.Watch(socket, owner);
            caller.Send([1]);
            Assert.IsFalse(owner.Next(), "read on the pool");
            caller.Send([2]);
            Assert.IsFalse(owner.Next());
            threads.HandToPool(socket, token);
            caller.Send([3]);
            while (!owner.Next())
            {
                caller.Send([3]); // News from before was on its way.
            }

            caller.Send([4]);
            Assert.IsTrue(owner.Next());
        }
    }

    /// <summary>Nobody reads before: the news of it was taken by an owner that did nothing.</summary>
    [TestMethod]
    public void What_came_before_it_was_handed_over_is_not_lost()
    {
        (Socket caller, StreamSocket socket) = Connect();
        using (caller)
        using (socket)
        using (var threads = new SocketThreads(1))
        {
            using var owner = new Reader(socket) { Sleeps = true };
            ulong token = threads.Watch(socket, owner);
            caller.Send([1]);
            Assert.IsTrue(SpinWait.SpinUntil(() => owner.Slept, Long));
            owner.Sleeps = false;
            threads.HandToPool(socket, token);
            Assert.IsTrue(owner.Next());
        }
    }

    [TestMethod]
    public void After_a_pause_the_pool_sleeps_and_the_next_news_wakes_it()
    {
        (Socket caller, StreamSocket socket) = Connect();
        using (caller)
        using (socket)
        using (var threads = new SocketThreads(1))
        {
            using var owner = new Reader(socket);
            threads.HandToPool(socket, threads.Watch(socket, owner));
            for (int round = 0; round < 50; round++)
            {
                caller.Send([1]);
                owner.Next();
                if (round % 2 == 0)
                {
                    Assert.IsTrue(SpinWait.SpinUntil(() => threads.PoolIsAsleep, Long), "nobody called, and the pool's threads still wait for sockets");
                }
            }
        }
    }

    /// <summary>Many sockets in no order, pauses of all lengths around the patience: no news is ever lost, whether its callers are at home somewhere or not.</summary>
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void No_news_is_lost_whenever_it_comes(bool atHome)
    {
        using var threads = new SocketThreads(2);
        List<IDisposable> open = [];
        var callers = new List<(Socket Caller, Reader Owner)>();
        var random = new Random(5);
        try
        {
            for (int i = 0; i < 8; i++)
            {
                (Socket caller, StreamSocket socket) = Connect();
                var owner = new Reader(socket) { Home = atHome ? i % (CurrentCore.Count + 1) : -1 }; // One core that there is not.
                open.AddRange([owner, socket, caller]); // In this order: nobody reads from what is gone.
                threads.HandToPool(socket, threads.Watch(socket, owner));
                callers.Add((caller, owner));
            }

            for (int round = 0; round < 600; round++)
            {
                (Socket Caller, Reader Owner)[] some = [.. callers.Where(_ => random.Next(2) == 0)];
                Array.ForEach(some, each => each.Caller.Send([1]));
                Array.ForEach(some, each => each.Owner.Next());
                Thread.SpinWait(random.Next(1 << random.Next(18)));
            }
        }
        finally
        {
            open.ForEach(one => one.Dispose());
        }
    }

    /// <summary>However its threads come and go meanwhile.</summary>
    [TestMethod]
    public void Whoever_leaves_something_is_called_for_it()
    {
        using var threads = new SocketThreads(2);
        (Socket caller, StreamSocket socket) = Connect();
        (Socket busy, StreamSocket other) = Connect();
        using (caller)
        using (socket)
        using (busy)
        using (other)
        using (var owner = new Leaver(socket, threads))
        using (var reader = new Reader(other))
        {
            threads.HandToPool(socket, owner.Token = threads.Watch(socket, owner));
            threads.HandToPool(other, threads.Watch(other, reader));
            var random = new Random(7);
            for (int round = 0; round < 20_000; round++)
            {
                caller.Send([1]);
                busy.Send([1]);
                owner.Next();
                reader.Next();
                if (round % 100 == 0)
                {
                    Thread.SpinWait(random.Next(1 << random.Next(18)));
                }
            }

            Assert.AreEqual(owner.Left, owner.Called);
            if (Environment.ProcessorCount > 1)
            {
                Assert.AreNotEqual(0, owner.Left, "nothing was ever left: the test shows nothing");
            }
        }
    }

    [TestMethod]
    public void What_another_thread_queues_while_the_pool_waits_for_sockets_runs()
    {
        (Socket caller, StreamSocket socket) = Connect();
        using (caller)
        using (socket)
        using (var threads = new SocketThreads(1))
        {
            using var owner = new Reader(socket);
            threads.HandToPool(socket, threads.Watch(socket, owner));
            for (int round = 0; round < 200; round++)
            {
                caller.Send([1]);
                owner.Next();
                using var done = new ManualResetEventSlim();
                CallPump.Enqueue(new Work(done.Set));
                Assert.IsTrue(done.Wait(Long));
            }
        }
    }

    [TestMethod]
    public void Threads_that_end_while_the_pool_waits_leave_it_free()
    {
        for (int round = 0; round < 20; round++)
        {
            (Socket caller, StreamSocket socket) = Connect();
            using (caller)
            using (socket)
            {
                var threads = new SocketThreads(1);
                using var owner = new Reader(socket);
                threads.HandToPool(socket, threads.Watch(socket, owner));
                caller.Send([1]);
                owner.Next();
                threads.Dispose();
            }
        }

        using var done = new CountdownEvent(Environment.ProcessorCount * 2);
        for (int i = 0; i < done.InitialCount; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(new Work(() => done.Signal()), preferLocal: false);
        }

        Assert.IsTrue(done.Wait(Long));
    }

    private (Socket Caller, StreamSocket Socket) Connect()
    {
        var caller = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        caller.Connect(new UnixDomainSocketEndPoint(_path));
        return (caller, StreamSocket.Accept(_listener.SafeHandle)!);
    }

    private sealed class Work(Action work) : IThreadPoolWorkItem
    {
        public void Execute() => work();
    }

    /// <summary>Reads what there is at each piece of news, as a connection does.</summary>
    private sealed class Reader(StreamSocket socket) : ISocketOwner, IDisposable
    {
        private readonly System.Collections.Concurrent.BlockingCollection<bool> _read = [];
        private readonly Lock _one = new();
        private bool _gone;

        /// <summary>It takes the news and reads nothing.</summary>
        public bool Sleeps { get; set; }

        public bool Slept { get; private set; }

        public int Home { get; init; } = -1;

        public void OnReady(Readiness readiness)
        {
            lock (_one)
            {
                if (_gone)
                {
                    return; // News that was on its way.
                }

                if (Sleeps)
                {
                    Slept = true;
                    return;
                }

                byte[] bytes = new byte[64];
                if (socket.Receive(bytes) > 0)
                {
                    _read.Add(Thread.CurrentThread.IsThreadPoolThread);
                }
            }
        }

        /// <summary>Whether the next bytes were read on the pool.</summary>
        public bool Next()
        {
            Assert.IsTrue(_read.TryTake(out bool onPool, Long), "bytes came, and nobody was told");
            return onPool;
        }

        public void Dispose()
        {
            lock (_one)
            {
                _gone = true;
                _read.Dispose();
            }
        }
    }

    /// <summary>Leaves each piece of news to whoever takes it, and is done once that one has called.</summary>
    private sealed class Leaver(StreamSocket socket, SocketThreads threads) : ISocketOwner, IDisposable
    {
        private readonly SemaphoreSlim _done = new(0);

        public ulong Token { get; set; }

        public int Left { get; private set; }

        public int Called { get; private set; }

        public void OnReady(Readiness readiness)
        {
            if (readiness == Readiness.None)
            {
                Called++;
                _done.Release();
                return;
            }

            if (socket.Receive(new byte[64]) <= 0)
            {
                return;
            }

            for (int core = 0; core < CurrentCore.Count; core++)
            {
                Left++; // Before: it may be called at once.
                if (threads.TryLeave(Token, core))
                {
                    return;
                }

                Left--;
            }

            _done.Release();
        }

        public void Next() => Assert.IsTrue(_done.Wait(Long), "something was left, and nobody was called");

        public void Dispose() => _done.Dispose();
    }
}
