using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Identity;
using EdgeDaemon.Listeners;
using EdgeDaemon.Native.Posix;
using EdgeDaemon.Tests.Admission;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>
/// What the HTTP server expects of a transport, asked of ours and of the server's own: where both do the same, ours may take its place. The first byte is never that of an
/// HTTP/2 preface, so that ours hands the connection to the first endpoint at once.
/// </summary>
[TestClass]
public sealed class TransportBehaviourTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static IEnumerable<object[]> Transports =>
        [["ours", "unix"], ["ours", "tcp"], ["ours", "tls"], ["the server's own", "unix"], ["the server's own", "tcp"]];

    [TestMethod]
    [DynamicData(nameof(Transports))]
    public async Task Bytes_come_and_go_in_order_whatever_their_pieces(string whose, string kind)
    {
        await using Bench bench = await Bench.StartAsync(whose, kind);
        (TransportClient client, ConnectionContext server) = await bench.ConnectAsync();
        byte[] sent = new byte[3_000_000];
        new Random(1).NextBytes(sent);
        sent[0] = (byte)'x';
        Task echo = EchoAsync(server);
        var random = new Random(2);
        Task sending = Task.Run(async () =>
        {
            for (int at = 0; at < sent.Length;)
            {
                int take = Math.Min(random.Next(1, 100_000), sent.Length - at);
                await client.SendAsync(sent.AsMemory(at, take));
                at += take;
            }

            await client.EndSendingAsync();
        });
        CollectionAssert.AreEqual(sent, await ReadToEndAsync(client));
        await sending.WaitAsync(Patience);
        await echo.WaitAsync(Patience);
        await EndAsync(client, server);
    }

    [TestMethod]
    [DynamicData(nameof(Transports))]
    public async Task A_caller_that_has_finished_sending_still_gets_its_answer(string whose, string kind)
    {
        await using Bench bench = await Bench.StartAsync(whose, kind);
        (TransportClient client, ConnectionContext server) = await bench.ConnectAsync();
        await client.SendAsync("question"u8.ToArray());
        await client.EndSendingAsync();
        ReadResult read;
        do
        {
            read = await server.Transport.Input.ReadAsync().AsTask().WaitAsync(Patience);
            server.Transport.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
        while (!read.IsCompleted);
        Assert.AreEqual(8, read.Buffer.Length);
        await server.Transport.Output.WriteAsync("answer"u8.ToArray());
        await server.Transport.Output.CompleteAsync();
        CollectionAssert.AreEqual("answer"u8.ToArray(), await ReadToEndAsync(client));
        await EndAsync(client, server);
    }

    [TestMethod]
    [DynamicData(nameof(Transports))]
    public async Task A_caller_that_vanishes_is_noticed(string whose, string kind)
    {
        await using Bench bench = await Bench.StartAsync(whose, kind);
        (TransportClient client, ConnectionContext server) = await bench.ConnectAsync();
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.ConnectionClosed.Register(closed.SetResult);
        await client.SendAsync("x"u8.ToArray());
        server.Transport.Input.AdvanceTo((await server.Transport.Input.ReadAsync()).Buffer.End);

        // Bytes that it never reads, and no linger: the kernel answers what comes with a reset.
        await server.Transport.Output.WriteAsync(new byte[1000]);
        client.Reset();
        await closed.Task.WaitAsync(Patience);
        try
        {
            ReadResult read = await server.Transport.Input.ReadAsync().AsTask().WaitAsync(Patience);
            Assert.IsTrue(read.IsCompleted);
        }
        catch (IOException)
        {
            // A reset is an exception, an orderly end is none; Unix sockets know both.
        }

        await EndAsync(client, server);
    }

    [TestMethod]
    [DynamicData(nameof(Transports))]
    public async Task A_server_that_does_not_read_makes_its_caller_wait_and_loses_nothing(string whose, string kind)
    {
        await using Bench bench = await Bench.StartAsync(whose, kind);
        (TransportClient client, ConnectionContext server) = await bench.ConnectAsync();
        byte[] piece = new byte[64 * 1024];
        Array.Fill(piece, (byte)'x');
        long sent = 0;
        Task sending;
        do
        {
            sending = client.SendAsync(piece);
            sent += piece.Length;
            Assert.IsLessThan(64L << 20, sent, "nothing stopped the caller");
            await Task.WhenAny(sending, Task.Delay(500));
        }
        while (sending.IsCompleted);
        Task ended = EndAfterAsync(client, sending);
        long received = 0;
        while (true)
        {
            ReadResult read = await server.Transport.Input.ReadAsync().AsTask().WaitAsync(Patience);
            received += read.Buffer.Length;
            server.Transport.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                break;
            }
        }

        await ended.WaitAsync(Patience);
        Assert.AreEqual(sent, received);
        await EndAsync(client, server);
    }

    [TestMethod]
    [DynamicData(nameof(Transports))]
    public async Task A_caller_that_does_not_read_makes_the_server_wait_and_loses_nothing(string whose, string kind)
    {
        await using Bench bench = await Bench.StartAsync(whose, kind);
        (TransportClient client, ConnectionContext server) = await bench.ConnectAsync();
        byte[] piece = new byte[64 * 1024];
        long written = 0;
        Task<FlushResult> flush;
        do
        {
            flush = server.Transport.Output.WriteAsync(piece).AsTask();
            written += piece.Length;
            Assert.IsLessThan(64L << 20, written, "nothing stopped the server");
            await Task.WhenAny(flush, Task.Delay(300));
        }
        while (flush.IsCompleted);
        Task<byte[]> reading = ReadToEndAsync(client);
        await flush.WaitAsync(Patience);
        await server.Transport.Output.CompleteAsync();
        Assert.AreEqual(written, (await reading).Length);
        await EndAsync(client, server);
    }

    [TestMethod]
    [DynamicData(nameof(Transports))]
    public async Task An_aborted_connection_ends_for_both(string whose, string kind)
    {
        await using Bench bench = await Bench.StartAsync(whose, kind);
        (TransportClient client, ConnectionContext server) = await bench.ConnectAsync();
        Task<ReadResult> reading = server.Transport.Input.ReadAsync().AsTask();
        server.Abort(new ConnectionAbortedException("enough"));
        await Assert.ThrowsAsync<Exception>(() => reading.WaitAsync(Patience));
        try
        {
            Assert.AreEqual(0, await client.ReceiveAsync(new byte[10]).WaitAsync(Patience));
        }
        catch (Exception reset) when (reset is SocketException or IOException)
        {
            // A reset will do as well.
        }

        await EndAsync(client, server);
    }

    [TestMethod]
    [DynamicData(nameof(Transports))]
    public async Task Who_is_connected_stays_when_nobody_else_may_connect(string whose, string kind)
    {
        await using Bench bench = await Bench.StartAsync(whose, kind);
        (TransportClient client, ConnectionContext server) = await bench.ConnectAsync();
        await bench.Listener.UnbindAsync();
        Assert.IsNull(await bench.Listener.AcceptAsync().AsTask().WaitAsync(Patience));
        await Assert.ThrowsAsync<SocketException>(() => bench.NewClientAsync());
        Task echo = EchoAsync(server);
        await client.SendAsync("x"u8.ToArray());
        Assert.AreEqual(1, await client.ReceiveAsync(new byte[10]).WaitAsync(Patience));
        await client.EndSendingAsync();
        await echo.WaitAsync(Patience);
        await EndAsync(client, server);
    }

    [TestMethod]
    [DynamicData(nameof(Transports))]
    public async Task Connections_do_not_mix(string whose, string kind)
    {
        await using Bench bench = await Bench.StartAsync(whose, kind);
        await Task.WhenAll(Enumerable.Range(0, 32).Select(async number =>
        {
            (TransportClient client, ConnectionContext server) = await bench.ConnectAsync();
            Task echo = EchoAsync(server);
            byte[] sent = new byte[50_000];
            for (int round = 0; round < 5; round++)
            {
                Array.Fill(sent, (byte)(128 + number));
                await client.SendAsync(sent);
                byte[] back = new byte[sent.Length];
                for (int at = 0; at < back.Length;)
                {
                    at += await client.ReceiveAsync(back.AsMemory(at)).WaitAsync(Patience);
                }

                CollectionAssert.AreEqual(sent, back);
            }

            await client.EndSendingAsync();
            await echo.WaitAsync(Patience);
            await EndAsync(client, server);
        })).WaitAsync(Patience);
    }

    [TestMethod]
    public async Task Ours_knows_who_is_at_the_other_end()
    {
        await using Bench bench = await Bench.StartAsync("ours", "unix");
        (TransportClient client, ConnectionContext server) = await bench.ConnectAsync();
        Caller caller = server.Features.Get<Arrival>()!.Caller;
        Assert.AreEqual($"unix:{caller.User}", caller.Name);
        Assert.AreEqual(Environment.UserName == "root", caller.User == 0);
        string groups = File.ReadLines("/proc/self/status").Single(line => line.StartsWith("Groups:", StringComparison.Ordinal))[7..];
        CollectionAssert.IsSubsetOf(groups.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), caller.Groups.Select(group => $"{group}").ToArray());
        await EndAsync(client, server);
    }

    private static async Task EndAfterAsync(TransportClient client, Task sending)
    {
        await sending;
        await client.EndSendingAsync();
    }

    private static async Task EchoAsync(ConnectionContext server)
    {
        while (true)
        {
            ReadResult read = await server.Transport.Input.ReadAsync();
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
            {
                await server.Transport.Output.WriteAsync(segment);
            }

            server.Transport.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                await server.Transport.Output.CompleteAsync();
                return;
            }
        }
    }

    private static async Task<byte[]> ReadToEndAsync(TransportClient client)
    {
        var all = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        for (int read; (read = await client.ReceiveAsync(buffer).WaitAsync(Patience)) > 0;)
        {
            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }

    private static async Task EndAsync(TransportClient client, ConnectionContext server)
    {
        client.Dispose();
        await server.DisposeAsync().AsTask().WaitAsync(Patience);
    }

    // What TCP carries below TLS: nobody is asked who he is.
    private sealed class NoGreeting(ListenSettings listen) : IGreeting
    {
        public Caller? Recognise(StreamSocket socket) => null;

        public ValueTask<(ConnectionContext Connection, Wire Speaks)?> GreetAsync(SocketConnection connection, CancellationToken closing)
        {
            connection.Features.Set(new Arrival(listen, Caller.OfUser(1, [])));
            connection.Start();
            return ValueTask.FromResult<(ConnectionContext, Wire)?>((connection, Wire.Http1));
        }
    }

    private sealed class Bench(string kind) : IAsyncDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("transport-").FullName;
        private readonly SocketThreads _threads = new(2);
        private readonly SemaphoreSlim _one = new(1);

        public IConnectionListener Listener { get; private set; } = null!;

        public SenderCheck Senders { get; } = new(NullLogger.Instance);

        public string Path => System.IO.Path.Combine(_folder, "s");

        public static async Task<Bench> StartAsync(string whose, string kind)
        {
            var bench = new Bench(kind);
            string path = bench.Path;
            EndPoint endpoint = kind != "unix" ? new IPEndPoint(IPAddress.Loopback, 0) : new UnixDomainSocketEndPoint(path);
            IConnectionListenerFactory? factory = null;
            if (kind == "tls")
            {
                TlsBench tls = await TlsBench.StartAsync(TlsFixture.Settings());
                factory = tls.Transport;
                endpoint = new WireEndPoint(tls.Listen, Wire.Http1);
            }
            else if (whose == "ours")
            {
                EdgedSettings settings = EdgedSettings.Parse(System.Text.Encoding.UTF8.GetBytes($"format = 1\nlisten = [{{ name = \"a\", unix = \"{path}\", exposes = [\"inference\"] }}, {{ name = \"b\", tcp = \"127.0.0.1:1\", certificate = \"/c\", key = \"/k\", client_roots = \"/r\", exposes = [\"inference\"] }}]"), "t");
                ListenSettings listen = settings.Listeners[kind == "tcp" ? 1 : 0];
                if (listen.Tcp is { } tcp)
                {
                    listen = listen with { Tcp = tcp with { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) } };
                }

                factory = new SocketTransport(TestConnections.Unlimited(settings), new SegmentPool(), bench._threads, InheritedSockets.None, new ListenPause(), _ => listen.Tcp is null ? new UnixGreeting(listen, settings.Limits) : new NoGreeting(listen), bench.Senders, NullLogger.Instance);
                endpoint = new WireEndPoint(listen, Wire.Http1);
            }
            else
            {
                factory = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance);
            }

            bench.Listener = await factory.BindAsync(endpoint);
            return bench;
        }

        public async Task<Socket> NewClientAsync()
        {
            EndPoint target = Listener.EndPoint is IPEndPoint address ? address : new UnixDomainSocketEndPoint(Path);
            var client = new Socket(target.AddressFamily, SocketType.Stream, target is IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified);
            await client.ConnectAsync(target).WaitAsync(Patience);
            return client;
        }

        /// <summary>A client and its other end; ours sees a connection once a byte has said what it speaks.</summary>
        public async Task<(TransportClient Client, ConnectionContext Server)> ConnectAsync()
        {
            await _one.WaitAsync();
            try
            {
                TransportClient client = await TransportClient.OverAsync(await NewClientAsync(), tls: kind == "tls");
                await client.SendAsync("!"u8.ToArray());
                ConnectionContext server = (await Listener.AcceptAsync().AsTask().WaitAsync(Patience))!;
                ReadResult first = await server.Transport.Input.ReadAsync().AsTask().WaitAsync(Patience);
                server.Transport.Input.AdvanceTo(first.Buffer.GetPosition(1));
                return (client, server);
            }
            finally
            {
                _one.Release();
            }
        }

        public async ValueTask DisposeAsync()
        {
            // A test goes on where its last bytes came in, and no thread can wait for its own end.
            await Task.Yield();
            await Listener.UnbindAsync();
            await Listener.DisposeAsync();
            _threads.Dispose();
            _one.Dispose();
            Directory.Delete(_folder, recursive: true);
        }
    }
}
