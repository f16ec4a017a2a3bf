using System.Runtime.CompilerServices;
using EdgeDaemon.Native.Posix;
using EdgeDaemon.Native.Tls;

namespace EdgeDaemon.Listeners;

/// <summary>
/// TLS on a socket, waiting where the session would have to. While the handshake goes on, a wait for the caller gives its place among the handshakes away: callers that
/// say nothing, or a byte at a time, keep nobody out.
/// </summary>
internal sealed class TlsStream(SocketConnection connection, SslSession session, HandshakePlaces places) : Stream
{
    private bool _placed;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public SslSession Session => session;

    /// <summary>Until the client is known, or refused.</summary>
    /// <exception cref="SslFailedException">It failed, or the judge refused.</exception>
    /// <exception cref="IOException">The connection is gone.</exception>
    public async Task HandshakeAsync(CancellationToken cancel)
    {
        try
        {
            do
            {
                GiveUpPlace();
                await SendPendingAsync(cancel); // A long chain need not fit the socket's buffer, and the client waits for its end.
                await NewsAsync(cancel);
                await places.EnterAsync(cancel);
                _placed = true;

                // What follows is a signature or a chain to judge, milliseconds of it: others' requests are not to wait for that.
                SocketThreads.BeginLongWork();
            }
            while (!Step());
            GiveUpPlace();
            await SendPendingAsync(cancel);
        }
        finally
        {
            GiveUpPlace();
        }
    }

    /// <summary>Decrypted bytes, waiting for them; 0 when the other side has finished. An empty buffer waits and takes nothing.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            connection.RequireReader();
            int read = Take(buffer.Span);
            if (read != SslSession.WouldWait)
            {
                return buffer.IsEmpty ? 0 : read == 0 ? connection.EndOfInput() : read;
            }

            await NewsAsync(cancellationToken);
        }
    }

    /// <summary>Record by record, waiting until the socket has taken the last of them.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            int written = Give(buffer.Span);
            if (written == SslSession.WouldWait)
            {
                await connection.RoomAsync(cancellationToken);
            }
            else
            {
                buffer = buffer[written..];
            }
        }

        await SendPendingAsync(cancellationToken);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>close_notify: without it an end could be an attacker's. It waits for nobody.</summary>
    public void SayEnd()
    {
        session.SayEnd();
        connection.CountSent(session.Sent);
    }

    protected override void Dispose(bool disposing)
    {
        session.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask SendPendingAsync(CancellationToken cancel)
    {
        while (!Flushed())
        {
            await connection.RoomAsync(cancel);
        }
    }

    // News is taken once, an end that was reported stays: it is not reported again.
    private ValueTask NewsAsync(CancellationToken cancel)
    {
        if (connection.InputEnds && !session.IsEmpty)
        {
            session.Arrived();
            return default;
        }

        return WaitAsync(cancel);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WaitAsync(CancellationToken cancel)
    {
        try
        {
            await connection.ArrivalAsync(cancel);
        }
        finally
        {
            // Whoever is called off takes the news of what has arrived with him: the next must look.
            session.Arrived();
        }
    }

    private bool Step()
    {
        try
        {
            return session.Handshake();
        }
        catch (PosixException failure)
        {
            throw connection.Lost(failure);
        }
        finally
        {
            connection.CountReceived(session.Received);
            connection.CountSent(session.Sent);
        }
    }

    private int Take(Span<byte> buffer)
    {
        try
        {
            return buffer.IsEmpty ? session.Look() : session.Read(buffer);
        }
        catch (PosixException failure)
        {
            throw connection.Lost(failure);
        }
        finally
        {
            connection.CountReceived(session.Received);
        }
    }

    private int Give(ReadOnlySpan<byte> data)
    {
        try
        {
            return session.Write(data);
        }
        catch (PosixException failure)
        {
            throw connection.Lost(failure);
        }
        finally
        {
            connection.CountSent(session.Sent);
        }
    }

    private bool Flushed()
    {
        try
        {
            return session.Flush();
        }
        catch (PosixException failure)
        {
            throw connection.Lost(failure);
        }
        finally
        {
            connection.CountSent(session.Sent);
        }
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
