using System.Collections.Concurrent;
using System.Net.Sockets;
using EdgeDaemon.Listeners;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Tests.Listeners;

[TestClass]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class ReadySocketsTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("edged-ready-").FullName, "s");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly List<IDisposable> _open = [];
    private readonly ConcurrentDictionary<ulong, int> _homes = new();
    private readonly ThreadLocal<int> _core = new();

    public ReadySocketsTests()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(_path));
        _listener.Listen(128);
        _listener.Blocking = false;
    }

    public void Dispose()
    {
        _open.ForEach(one => one.Dispose());
        _listener.Dispose();
        _core.Dispose();
        Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);
    }

    [TestMethod]
    public void Who_looks_leaves_each_socket_to_the_thread_where_its_caller_is_at_home()
    {
        using ReadySockets ready = Ready(places: 2);
        foreach ((ulong token, int home) in new[] { (1UL, 1), (2UL, 1), (3UL, 0), (4UL, -1), (5UL, 0) })
        {
            Caller(ready, token, home).Send([1]);
        }

        CollectionAssert.AreEqual(new ulong[] { 3, 5, 4 }, new[] { Take(ready, 0), Take(ready, 0), Take(ready, 0) });
        CollectionAssert.AreEqual(new ulong[] { 1, 2 }, new[] { Take(ready, 1), Take(ready, 1) });
    }

    [TestMethod]
    public void Callers_stay_on_their_core_when_threads_change_theirs()
    {
        using ReadySockets ready = Ready(places: 2);
        Assert.AreEqual(2UL, Asked(core: 1));
        Assert.AreEqual(1UL, Asked(core: 0));

        // Who runs on the first core takes the caller of the first core, whichever thread it is.
        ulong Asked(int core)
        {
            Caller(ready, 1, home: 0).Send([1]);
            Caller(ready, 2, home: 1).Send([1]);
            ready.Cores[1] = 1 - core;
            ulong mine = Take(ready, 0, core);
            Assert.AreEqual(3 - mine, Take(ready, 1, 1 - core));
            return mine;
        }
    }

    [TestMethod]
    public void A_caller_of_a_core_without_a_thread_is_anybodys()
    {
        using ReadySockets ready = Ready(places: 2);
        Caller(ready, 1, home: 0).Send([1]);
        Caller(ready, 2, home: 0).Send([1]);
        ready.Cores[1] = 1;
        Assert.AreEqual(1UL, Take(ready, 0, core: 1));
        Assert.AreEqual(2UL, Take(ready, 1, core: 1));
    }

    [TestMethod]
    public void Who_has_nothing_takes_over_what_another_has_not_begun()
    {
        using ReadySockets ready = Ready(places: 3);
        for (ulong token = 1; token <= 6; token++)
        {
            Caller(ready, token, home: 2).Send([1]);
        }

        ulong[] taken = [.. Enumerable.Range(0, 6).Select(i => Take(ready, i % 2))];
        CollectionAssert.AreEqual(new ulong[] { 1, 2, 3, 4, 5, 6 }, taken);
    }

    [TestMethod]
    public void Who_is_at_work_keeps_no_caller_from_who_is_not()
    {
        // The first begins nothing all the while; its callers are the second's.
        using ReadySockets ready = Ready(places: 2);
        Socket[] callers = [.. Enumerable.Range(1, 20).Select(token => Caller(ready, (ulong)token, home: 0))];
        var taken = new BlockingCollection<ulong>();
        Thread second = Serve(ready, 1, taken.Add);
        foreach (Socket caller in callers)
        {
            caller.Send([1]);
        }

        ulong[] all = [.. Enumerable.Range(0, 20).Select(_ => Expect(taken))];
        CollectionAssert.AreEquivalent(Enumerable.Range(1, 20).Select(i => (ulong)i).ToArray(), all);
        ready.Queue.End();
        Assert.IsTrue(second.Join(Long));
    }

    [TestMethod]
    public void What_a_thread_abandons_another_that_waits_takes()
    {
        using ReadySockets ready = Ready(places: 2);
        Caller(ready, 1, home: 0).Send([1]);
        Caller(ready, 2, home: 0).Send([1]);
        Assert.AreEqual(1UL, Take(ready, 0));

        var taken = new BlockingCollection<ulong>();
        Thread second = Serve(ready, 1, token =>
        {
            if (token != ReadinessQueue.Signalled)
            {
                taken.Add(token);
            }
        });
        ready.Abandon(0);
        Assert.AreEqual(2UL, Expect(taken));
        ready.Queue.End();
        Assert.IsTrue(second.Join(Long));
    }

    [TestMethod]
    public void The_end_reaches_every_thread()
    {
        using ReadySockets ready = Ready(places: 4);
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(place => Serve(ready, place, _ => { }))];
        ready.Queue.End();
        Assert.IsTrue(threads.All(thread => thread.Join(Long)));
    }

    [TestMethod]
    [DataRow(1, 4)]
    [DataRow(2, 3)]
    [DataRow(2, 40)]
    [DataRow(5, 40)]
    public void Every_request_is_begun_wherever_callers_are_at_home(int places, int callers)
    {
        // Each caller asks again when it was answered: one change that is lost, or lies where nobody looks, ends it all.
        const int Rounds = 2_000;
        using ReadySockets ready = Ready(places);
        var random = new Random(places + callers);
        var sockets = new StreamSocket[callers + 1];
        Socket[] asking = [.. Enumerable.Range(1, callers).Select(token => Caller(ready, (ulong)token, random.Next(-1, places), sockets))];
        Thread[] threads = [.. Enumerable.Range(0, places).Select(place => Serve(ready, place, token =>
        {
            if (token != ReadinessQueue.Signalled)
            {
                Answer(sockets[token]);
                _homes[token] = (int)((token + (ulong)Environment.TickCount64) % (ulong)(places + 1)) - 1; // Homes change meanwhile.
            }
        }))];
        Thread[] clients = [.. asking.Select(caller => new Thread(() =>
        {
            caller.ReceiveTimeout = (int)Long.TotalMilliseconds;
            byte[] one = [1];
            for (int i = 0; i < Rounds; i++)
            {
                caller.Send(one);
                Assert.AreEqual(1, caller.Receive(one));
            }
        }))];
        Array.ForEach(clients, client => client.Start());
        bool all = clients.All(client => client.Join(Long));
        ready.Queue.End();
        Assert.IsTrue(threads.All(thread => thread.Join(Long)));
        Assert.IsTrue(all, "a caller was never answered");
    }

    // What arrived, as often as it arrived: a change may stand for what was answered already.
    private static void Answer(StreamSocket socket)
    {
        Span<byte> one = stackalloc byte[8];
        int received = socket.Receive(one);
        if (received > 0)
        {
            Assert.AreEqual(received, socket.Send(one[..received]));
        }
    }

    // Threads are where Serve and Take say: each on the core of its place's number, until a test moves it.
    private ReadySockets Ready(int places) => new(places, token => _homes.TryGetValue(token, out int home) ? home : -1, () => _core.Value);

    private Socket Caller(ReadySockets ready, ulong token, int home, StreamSocket[]? sockets = null)
    {
        var caller = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _open.Add(caller);
        caller.Connect(new UnixDomainSocketEndPoint(_path));
        StreamSocket socket = StreamSocket.Accept(_listener.SafeHandle) ?? throw new AssertFailedException("nobody to accept");
        _open.Add(socket);
        _homes[token] = home;
        if (sockets is not null)
        {
            sockets[token] = socket;
        }

        ready.Queue.Watch(socket, token);
        return caller;
    }

    private ulong Take(ReadySockets ready, int place, int? core = null)
    {
        _core.Value = core ?? place;
        Assert.IsTrue(ready.TryTake(place, out SocketChange change));
        Assert.IsTrue(change.Readiness.HasFlag(Readiness.Input));
        return change.Token;
    }

    private static ulong Expect(BlockingCollection<ulong> taken)
    {
        Assert.IsTrue(taken.TryTake(out ulong token, Long), "nobody took it");
        return token;
    }

    private Thread Serve(ReadySockets ready, int place, Action<ulong> begin)
    {
        var thread = new Thread(() =>
        {
            _core.Value = place;
            while (ready.TryTake(place, out SocketChange change))
            {
                begin(change.Token);
            }
        });
        thread.Start();
        return thread;
    }
}
