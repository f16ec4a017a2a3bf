using System.Net.Sockets;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Tests.Posix;

[TestClass]
public sealed class StreamSocketTests
{
    [TestMethod]
    public void What_arrived_is_unread_until_it_is_taken_and_an_end_is_nothing_to_read()
    {
        string path = Path.Combine(Path.GetTempPath(), $"edged-{Guid.NewGuid():N}.sock");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            listener.Bind(new UnixDomainSocketEndPoint(path));
            listener.Listen();
            client.Connect(new UnixDomainSocketEndPoint(path));
            using StreamSocket socket = StreamSocket.Accept(listener.SafeHandle)!;
            Assert.IsFalse(socket.HasUnread());
            client.Send("two"u8);
            Assert.IsTrue(socket.HasUnread());
            byte[] taken = new byte[2];
            Assert.AreEqual(2, socket.Receive(taken));
            Assert.IsTrue(socket.HasUnread());
            Assert.AreEqual(1, socket.Receive(taken));
            Assert.IsFalse(socket.HasUnread());
            client.Shutdown(SocketShutdown.Send);
            Assert.IsFalse(socket.HasUnread());
            Assert.AreEqual(0, socket.Receive(taken));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
