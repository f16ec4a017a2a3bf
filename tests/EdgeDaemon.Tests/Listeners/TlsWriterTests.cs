using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using EdgeDaemon.Listeners;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>The end of the output while a flush of it is under way.</summary>
[TestClass]
public sealed class TlsWriterTests
{
    /// <summary>A block that goes back while it is still read is another caller's next, whose bytes would then go out here.</summary>
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task Blocks_of_a_flush_under_way_stay_its_own_until_it_has_ended(bool orderly)
    {
        await using HeldConnection held = await HeldConnection.OpenAsync();
        (SslStream tls, SslStream client) = await PairAsync();
        await using SslStream mine = tls;
        await using SslStream theirs = client;
        var writer = new TlsWriter(tls, new SocketStream(held.Connection, new HandshakePlaces(1)), held.Connection);
        Memory<byte> last = default;
        for (int i = 0; i < 64; i++)
        {
            last = writer.GetMemory(SegmentPool.Largest);
            last.Span.Fill(0xAB);
            writer.Advance(last.Length);
        }

        Task<FlushResult> flush = writer.FlushAsync().AsTask();
        Assert.IsFalse(flush.IsCompleted, "16 MiB went into the sockets' buffers: the test shows nothing");
        if (orderly)
        {
            await writer.CompleteAsync().AsTask().WaitAsync(TlsBench.Patience);
        }
        else
        {
            writer.Complete(new IOException("the caller is cut"));
        }

        Assert.IsFalse(flush.IsCompleted);
        Assert.AreEqual(0, held.Segments.WaitingBytes, "its blocks are the next caller's already");
        Assert.AreEqual(0xAB, last.Span[0]);
        byte[] buffer = new byte[1 << 20];
        for (long left = 64L * SegmentPool.Largest; left > 0;)
        {
            int read = await theirs.ReadAsync(buffer).AsTask().WaitAsync(TlsBench.Patience);
            Assert.IsGreaterThan(0, read);
            Assert.AreEqual(-1, buffer.AsSpan(0, read).IndexOfAnyExcept((byte)0xAB));
            left -= read;
        }

        await flush.WaitAsync(TlsBench.Patience);
        Assert.IsGreaterThan(0, held.Segments.WaitingBytes, "and then they come back");
    }

    private static async Task<(SslStream Server, SslStream Client)> PairAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var dialled = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await dialled.ConnectAsync(listener.LocalEndPoint!);
        var server = new SslStream(new NetworkStream(await listener.AcceptAsync(), ownsSocket: true));
        var client = new SslStream(new NetworkStream(dialled, ownsSocket: true));
        await Task.WhenAll(
            server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = TlsFixture.Material(TlsFixture.Settings()).Server }),
            client.AuthenticateAsClientAsync(TlsFixture.Caller(null))).WaitAsync(TlsBench.Patience);
        return (server, client);
    }
}
