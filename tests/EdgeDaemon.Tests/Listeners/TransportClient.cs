using System.Net.Security;
using System.Net.Sockets;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>A client's end, plain or over TLS: what the transport's tests do with it is the same.</summary>
internal sealed class TransportClient : IDisposable
{
    private readonly Socket _socket;
    private readonly Stream _stream;

    private TransportClient(Socket socket, Stream stream)
    {
        _socket = socket;
        _stream = stream;
    }

    public static async Task<TransportClient> OverAsync(Socket socket, bool tls)
    {
        var plain = new NetworkStream(socket, ownsSocket: true);
        if (!tls)
        {
            return new TransportClient(socket, plain);
        }

        var secured = new SslStream(plain);
        await secured.AuthenticateAsClientAsync(TlsFixture.Caller("good"));
        return new TransportClient(socket, secured);
    }

    public Task SendAsync(ReadOnlyMemory<byte> bytes) => _stream.WriteAsync(bytes).AsTask();

    public Task<int> ReceiveAsync(Memory<byte> room) => _stream.ReadAsync(room).AsTask();

    /// <summary>No more bytes from this side.</summary>
    public async Task EndSendingAsync()
    {
        if (_stream is SslStream tls)
        {
            await tls.ShutdownAsync();
        }

        _socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Gone without a word, as a machine that lost its power and came back.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Close();
    }

    public void Dispose() => _stream.Dispose();
}
