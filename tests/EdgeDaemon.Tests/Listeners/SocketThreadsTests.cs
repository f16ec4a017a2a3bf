using System.Net.Sockets;
using EdgeDaemon.Listeners;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Tests.Listeners;

[TestClass]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class SocketThreadsTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("edged-threads-").FullName, "s");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public SocketThreadsTests()
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

    [TestMethod]
    public void Arrivals_are_reported_once_each_also_those_from_before_the_watch()
    {
        (Socket caller, StreamSocket socket) = Connect();
        using (caller)
        using (socket)
        using (var threads = new SocketThreads(1))
        {
            caller.Send([1]);
            var owner = new Counter();
            ulong token = threads.Watch(socket, owner);
            owner.Expect(1);
            Assert.AreEqual(1, socket.Receive(new byte[8]));
            Assert.AreEqual(StreamSocket.WouldWait, socket.Receive(new byte[8]));

            caller.Send([2]);
            owner.Expect(2);
            threads.Forget(token);
            caller.Send([3]);

            // A second socket's news passes the same queue after it: had the first been reported, it would have been by now.
            (Socket other, StreamSocket second) = Connect();
            using (other)
            using (second)
            {
                var after = new Counter();
                threads.Watch(second, after);
                other.Send([1]);
                after.Expect(1);
            }

            Assert.AreEqual(2, owner.Count);
        }
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Long_work_that_was_announced_keeps_nobody_waiting(bool announced)
    {
        using var release = new ManualResetEventSlim();
        using var busy = new CountdownEvent(2);
        using var threads = new SocketThreads(2);
        List<IDisposable> open = [];
        try
        {
            for (int i = 0; i < 2; i++)
            {
                (Socket caller, StreamSocket socket) = Connect();
                open.AddRange([caller, socket]);
                threads.Watch(socket, new Blocker(busy, release, announced));
                caller.Send([1]);
            }

            Assert.IsTrue(busy.Wait(Long));
            for (int i = 0; i < 20; i++)
            {
                (Socket caller, StreamSocket socket) = Connect();
                open.AddRange([caller, socket]);
                var owner = new Counter();
                threads.Watch(socket, owner);
                caller.Send([1]);
                if (announced)
                {
                    owner.Expect(1);
                }
                else
                {
                    // The control: both threads are taken, so nothing can be reported before one is released.
                    Assert.AreEqual(0, owner.Count);
                    release.Set();
                    owner.Expect(1);
                    break;
                }
            }
        }
        finally
        {
            release.Set();
            open.ForEach(one => one.Dispose());
        }
    }

    [TestMethod]
    public void Threads_that_were_added_rest_and_are_used_again()
    {
        // Long work one piece after the other, from many sockets at once: every piece is done, and no more threads exist than were needed.
        using var threads = new SocketThreads(2);
        var names = new System.Collections.Concurrent.ConcurrentDictionary<string, int>();
        using var done = new CountdownEvent(400);
        List<IDisposable> open = [];
        try
        {
            for (int i = 0; i < 400; i++)
            {
                (Socket caller, StreamSocket socket) = Connect();
                open.AddRange([caller, socket]);
                threads.Watch(socket, new LongWorker(names, done));
                caller.Send([1]);
                if (i % 4 == 3)
                {
                    // Four at a time, so that it is known how many threads can be needed.
                    int rest = 399 - i;
                    Assert.IsTrue(SpinWait.SpinUntil(() => done.CurrentCount <= rest, Long));
                }
            }
        }
        finally
        {
            open.ForEach(one => one.Dispose());
        }

        Assert.IsLessThanOrEqualTo(2 + 4 + 2, names.Count, string.Join(' ', names.Keys));
    }

    [TestMethod]
    public void Room_is_reported_only_when_asked_for()
    {
        (Socket caller, StreamSocket socket) = Connect();
        using (caller)
        using (socket)
        using (var threads = new SocketThreads(1))
        {
            var owner = new Counter();
            ulong token = threads.Watch(socket, owner);
            byte[] block = new byte[64 * 1024];
            long sent = 0;
            for (int now; (now = socket.Send(block)) != StreamSocket.WouldWait; sent += now)
            {
            }

            int before = owner.Count;
            threads.WatchOutput(socket, token, wanted: true, onPool: false);
            byte[] read = new byte[1 << 20];
            for (long got = 0; got < sent;)
            {
                got += caller.Receive(read);
            }

            owner.Expect(before + 1);
            Assert.IsTrue(owner.Last.HasFlag(Readiness.Output));
            Assert.AreEqual(block.Length, socket.Send(block));
        }
    }

    [TestMethod]
    public void Sending_to_a_caller_that_left_is_an_error_and_no_signal()
    {
        (Socket caller, StreamSocket socket) = Connect();
        caller.Dispose();
        using (socket)
        {
            PosixException gone = Assert.ThrowsExactly<PosixException>(() => socket.Send([1]));
            Assert.AreEqual(32, gone.Errno); // EPIPE; SIGPIPE would have ended this process
            Assert.AreEqual(0, socket.Receive(new byte[1]));
        }
    }

    private (Socket Caller, StreamSocket Accepted) Connect()
    {
        var caller = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        caller.Connect(new UnixDomainSocketEndPoint(_path));
        return (caller, StreamSocket.Accept(_listener.SafeHandle) ?? throw new AssertFailedException("nobody to accept"));
    }

    private sealed class Counter : ISocketOwner
    {
        private readonly object _calls = new();

        public int Count { get; private set; }

        public Readiness Last { get; private set; }

        public void OnReady(Readiness readiness)
        {
            lock (_calls)
            {
                Last = readiness;
                Count++;
                Monitor.PulseAll(_calls);
            }
        }

        public void Expect(int count)
        {
            lock (_calls)
            {
                while (Count < count)
                {
                    Assert.IsTrue(Monitor.Wait(_calls, Long), $"call {Count + 1} did not come");
                }
            }
        }
    }

    private sealed class Blocker(CountdownEvent busy, ManualResetEventSlim release, bool announces) : ISocketOwner
    {
        public void OnReady(Readiness readiness)
        {
            if (release.IsSet)
            {
                return;
            }

            if (announces)
            {
                SocketThreads.BeginLongWork();
            }

            busy.Signal();
            release.Wait();
        }
    }

    private sealed class LongWorker(System.Collections.Concurrent.ConcurrentDictionary<string, int> names, CountdownEvent done) : ISocketOwner
    {
        private int _begun;

        public void OnReady(Readiness readiness)
        {
            if (Interlocked.Exchange(ref _begun, 1) == 0)
            {
                SocketThreads.BeginLongWork();
                SocketThreads.BeginLongWork();
                names[Thread.CurrentThread.Name!] = 1;
                done.Signal();
            }
        }
    }
}
