using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using EdgeDaemon.Listeners;
using EdgeDaemon.Native.Tls;

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
        // The end cuts one connection, the flush goes on on the other: only so can be seen what it does in between.
        await using HeldConnection held = await HeldConnection.OpenAsync();
        await using HeldConnection written = await HeldConnection.OpenAsync();
        using TlsMaterial material = TlsFixture.Material(TlsFixture.Settings());
        await using var tls = new TlsStream(written.Connection, new SslSession(material.Context, written.Connection.Socket, _ => true), new HandshakePlaces(1));
        await using var theirs = new SslStream(new NetworkStream(written.Client));
        await Task.WhenAll(tls.HandshakeAsync(CancellationToken.None), theirs.AuthenticateAsClientAsync(TlsFixture.Caller("good"))).WaitAsync(TlsBench.Patience);
        var writer = new TlsWriter(tls, held.Connection);
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
}
