using System.Net.Security;
using System.Net.Sockets;
using EdgeDaemon.Listeners;
using EdgeDaemon.Native.Tls;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>TLS on the socket: every byte comes through whole and in order, whatever goes on beside it, and none is lost with a wait that was called off.</summary>
[TestClass]
public sealed class TlsStreamTests
{
    [TestMethod]
    public async Task A_read_that_is_called_off_does_not_take_the_news_of_what_has_come_with_it()
    {
        await using Pair pair = await Pair.OpenAsync();
        byte[] buffer = new byte[100];
        for (int i = 0; i < 200; i++)
        {
            await pair.Client.WriteAsync(new byte[1]);
            Assert.AreEqual(1, await pair.Server.ReadAsync(buffer).AsTask().WaitAsync(TlsBench.Patience));
            await pair.Client.WriteAsync(new byte[1]);
            try
            {
                // It may also find the byte: what was read was read.
                Assert.AreEqual(1, await pair.Server.ReadAsync(buffer, new CancellationToken(canceled: true)));
                continue;
            }
            catch (OperationCanceledException)
            {
                // Before it came, or with the news.
            }

            Assert.AreEqual(1, await pair.Server.ReadAsync(buffer).AsTask().WaitAsync(TlsBench.Patience));
        }
    }

    [TestMethod]
    public async Task BothDirectionsAtOnce_WithFullSockets_LoseNothing()
    {
        const int Bytes = 24 << 20;
        await using Pair pair = await Pair.OpenAsync();
        await Task.WhenAll(
            SendAsync(pair.Server, 1), SendAsync(pair.Client, 2), ReceiveAsync(pair.Client, 1), ReceiveAsync(pair.Server, 2)).WaitAsync(TlsBench.Patience);

        static async Task SendAsync(Stream stream, int seed)
        {
            await Task.Yield();
            byte[] all = new byte[Bytes];
            new Random(seed).NextBytes(all);
            var sizes = new Random(seed + 100);
            for (int at = 0; at < Bytes;)
            {
                int take = Math.Min(sizes.Next(1, 100_000), Bytes - at);
                await stream.WriteAsync(all.AsMemory(at, take));
                at += take;
            }
        }

        static async Task ReceiveAsync(Stream stream, int seed)
        {
            await Task.Yield();
            byte[] expected = new byte[Bytes];
            new Random(seed).NextBytes(expected);
            byte[] buffer = new byte[50_000];
            for (int at = 0; at < Bytes;)
            {
                int read = await stream.ReadAsync(buffer);
                Assert.IsGreaterThan(0, read);
                Assert.IsTrue(buffer.AsSpan(0, read).SequenceEqual(expected.AsSpan(at, read)), $"other bytes from {at} on");
                at += read;
            }
        }
    }

    [TestMethod]
    public async Task AnEmptyRead_WaitsAndTakesNothing_AndAnEndIsAnEnd()
    {
        await using Pair pair = await Pair.OpenAsync();
        Task<int> waits = pair.Server.ReadAsync(Memory<byte>.Empty).AsTask();
        Assert.IsFalse(waits.IsCompleted);
        await pair.Client.WriteAsync("abc"u8.ToArray());
        Assert.AreEqual(0, await waits.WaitAsync(TlsBench.Patience));
        byte[] buffer = new byte[10];
        Assert.AreEqual(3, await pair.Server.ReadAsync(buffer));
        await pair.Client.ShutdownAsync();
        Assert.AreEqual(0, await pair.Server.ReadAsync(buffer).AsTask().WaitAsync(TlsBench.Patience));
        pair.Server.SayEnd();
        Assert.AreEqual(0, await pair.Client.ReadAsync(buffer).AsTask().WaitAsync(TlsBench.Patience));
    }

    [TestMethod]
    public async Task ATornRecord_IsNoContent()
    {
        HeldConnection held = await HeldConnection.OpenAsync();
        await using Pair pair = await Pair.OpenAsync(held, new Flipping(held.Client));
        await pair.Client.WriteAsync("good"u8.ToArray());
        byte[] buffer = new byte[10];
        Assert.AreEqual(4, await pair.Server.ReadAsync(buffer), "control");
        ((Flipping)pair.Below).Flips = true;
        await pair.Client.WriteAsync("evil"u8.ToArray());
        await Assert.ThrowsExactlyAsync<SslFailedException>(() => pair.Server.ReadAsync(buffer).AsTask());
    }

    [TestMethod]
    public async Task WhoIsRefused_GetsAnAlert_BeforeTheHandshakeIsDone()
    {
        foreach (bool good in (bool[])[true, false])
        {
            await using HeldConnection held = await HeldConnection.OpenAsync();
            using TlsMaterial material = TlsFixture.Material(TlsFixture.Settings());
            await using var server = new TlsStream(held.Connection, new SslSession(material.Context, held.Connection.Socket, shown => shown.Length > 0 && good), new HandshakePlaces(1));
            await using var client = new SslStream(new NetworkStream(held.Client));
            Task handshake = server.HandshakeAsync(CancellationToken.None);
            await client.AuthenticateAsClientAsync(TlsFixture.Caller("good")).WaitAsync(TlsBench.Patience);
            if (good)
            {
                await handshake.WaitAsync(TlsBench.Patience);
                continue;
            }

            await Assert.ThrowsExactlyAsync<SslFailedException>(() => handshake.WaitAsync(TlsBench.Patience));
            IOException told = await Assert.ThrowsAsync<IOException>(() => client.ReadAsync(new byte[1]).AsTask().WaitAsync(TlsBench.Patience));
            StringAssert.Contains(told.ToString(), "bad certificate", StringComparison.OrdinalIgnoreCase);
        }
    }

    /// <summary>Both ends of a connection whose handshake is done, the client's end the framework's own.</summary>
    private sealed class Pair(HeldConnection held, TlsMaterial material, TlsStream server, SslStream client, Stream below) : IAsyncDisposable
    {
        public TlsStream Server => server;

        public SslStream Client => client;

        public Stream Below => below;

        public static async Task<Pair> OpenAsync()
        {
            HeldConnection held = await HeldConnection.OpenAsync();
            return await OpenAsync(held, new NetworkStream(held.Client));
        }

        public static async Task<Pair> OpenAsync(HeldConnection held, Stream below)
        {
            TlsMaterial material = TlsFixture.Material(TlsFixture.Settings());
            var server = new TlsStream(held.Connection, new SslSession(material.Context, held.Connection.Socket, _ => true), new HandshakePlaces(1));
            var client = new SslStream(below);
            await Task.WhenAll(server.HandshakeAsync(CancellationToken.None), client.AuthenticateAsClientAsync(TlsFixture.Caller("good"))).WaitAsync(TlsBench.Patience);
            return new Pair(held, material, server, client, below);
        }

        public async ValueTask DisposeAsync()
        {
            await client.DisposeAsync();
            await server.DisposeAsync();
            await held.DisposeAsync();
            material.Dispose();
        }
    }

    /// <summary>Changes the last byte of each piece that is sent, once told to.</summary>
    private sealed class Flipping(Socket socket) : NetworkStream(socket)
    {
        public bool Flips { get; set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            byte[] sent = buffer.ToArray();
            if (Flips)
            {
                sent[^1] ^= 1;
            }

            return base.WriteAsync(sent, cancellationToken);
        }
    }
}
