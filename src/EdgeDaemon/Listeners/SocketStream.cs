using System.Runtime.CompilerServices;

namespace EdgeDaemon.Listeners;

/// <summary>
/// A socket as the stream that TLS works on. While the handshake goes on, a wait for the caller gives its place among the handshakes away: callers that say
/// nothing, or a byte at a time, keep nobody out.
/// </summary>
internal sealed class SocketStream(SocketConnection connection, HandshakePlaces places) : Stream
{
    private bool _placed;
    private bool _established;
    private bool _closing;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The handshake is over, one way or the other.</summary>
    public void EndHandshake()
    {
        _established = true;
        GiveUpPlace();
    }

    /// <summary>From now on nothing waits for the caller: what there is no room for is left out.</summary>
    public void BeginClosing() => _closing = true;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _established ? connection.ReceiveAsync(buffer, cancellationToken) : ReadHandshakeAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        connection.SendAsync(buffer, patient: !_closing, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadHandshakeAsync(Memory<byte> buffer, CancellationToken cancel)
    {
        GiveUpPlace();
        int received = await connection.ReceiveAsync(buffer, cancel);
        if (!buffer.IsEmpty && !_established)
        {
            await places.EnterAsync(cancel);
            _placed = true;

            // What follows is a signature or a chain to judge, milliseconds of it: others' requests are not to wait for that.
            SocketThreads.BeginLongWork();
        }

        return received;
    }

    private void GiveUpPlace()
    {
        if (_placed)
        {
            _placed = false;
            places.Leave();
        }
    }
}
