using System.Net.Sockets;
using EdgeDaemon.Listeners;
using EdgeDaemon.Native.Posix;
using EdgeDaemon.Tests.Posix;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>A thread that has done a request's work and waits for the next holds nothing of it on its stack. On a thread of nobody's (the control) it stays.</summary>
[TestClass]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class ThreadStackTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("edged-stack-").FullName, "s");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public ThreadStackTests()
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
    public void A_thread_that_waits_for_sockets_has_nothing_left()
    {
        using var threads = new SocketThreads(1);
        (Socket caller, StreamSocket socket) = Connect();
        using (caller)
        using (socket)
        {
            var owner = new Leaver(socket);
            threads.Watch(socket, owner);
            AssertGone(caller, owner);
        }
    }

    [TestMethod]
    public void A_thread_of_the_pool_that_waits_for_sockets_has_nothing_left()
    {
        using var threads = new SocketThreads(1);
        (Socket caller, StreamSocket socket) = Connect();
        using (caller)
        using (socket)
        {
            var owner = new Leaver(socket);
            threads.HandToPool(socket, threads.Watch(socket, owner));
            AssertGone(caller, owner);
        }
    }

    [TestMethod]
    public void A_thread_that_waits_for_a_socket_by_itself_keeps_it()
    {
        using var queue = new ReadinessQueue();
        (Socket caller, StreamSocket socket) = Connect();
        using (caller)
        using (socket)
        {
            var owner = new Leaver(socket);
            queue.Watch(socket, 7);
            var thread = new Thread(() =>
            {
                while (queue.TryWait(-1, out ulong token, out Readiness readiness) && token != ReadinessQueue.Ended)
                {
                    if (token == 7)
                    {
                        owner.OnReady(readiness);
                    }
                }
            });
            thread.Start();
            for (int round = 0; round < 3; round++)
            {
                LeftOnStack left = owner.Next(caller);
                Assert.IsGreaterThan(0, left.Count(), "the search finds nothing where nothing is cleared");
            }

            queue.End();
            Assert.IsTrue(thread.Join(Long));
        }
    }

    // Asked again until it is gone: the thread has told of it before it has cleared it. Without clearing it stays for good.
    private static void AssertGone(Socket caller, Leaver owner)
    {
        for (int round = 0; round < 20; round++)
        {
            LeftOnStack left = owner.Next(caller);
            Assert.IsTrue(SpinWait.SpinUntil(() => left.Count() == 0, Long), left.ToString());
        }
    }

    private (Socket Caller, StreamSocket Socket) Connect()
    {
        var caller = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        caller.Connect(new UnixDomainSocketEndPoint(_path));
        return (caller, StreamSocket.Accept(_listener.SafeHandle)!);
    }

    /// <summary>Reads what has come, and leaves something on the stack of whoever calls it.</summary>
    private sealed class Leaver(StreamSocket socket) : ISocketOwner
    {
        private readonly byte[] _read = new byte[8];
        private LeftOnStack _next = new();

        /// <summary>Has it called once more; gives what it left.</summary>
        public LeftOnStack Next(Socket caller)
        {
            LeftOnStack next = new();
            Volatile.Write(ref _next, next);
            caller.Send([1]);
            Assert.IsTrue(SpinWait.SpinUntil(() => next.IsLeft, Long));
            return next;
        }

        public void OnReady(Readiness readiness)
        {
            while (socket.Receive(_read) > 0)
            {
            }

            Volatile.Read(ref _next).Leave();
        }
    }
}
