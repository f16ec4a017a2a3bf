using System.Buffers;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Listeners;

/// <content>
/// The end of a connection whose caller still sends: closed at once, the kernel would answer what comes over TCP with a reset, and that can take the last answer away
/// from a caller that has not read it yet (RFC 9112, 9.6). A Unix socket loses nothing, but says that it was closed to whoever sends: a client of HTTP/2, which sends
/// windows and pings by itself, takes that for the end of calls whose answers it has not read.
/// </content>
internal sealed partial class SocketConnection
{
    private const int LingerBytes = 1 << 20;
    private static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(1);

    private volatile bool _lingers;

    /// <summary>
    /// When this side ends the connection, what still comes is taken and thrown away: for a second, and 1 MiB, behind which the caller has to wait. To be called before the end,
    /// where something was left unread.
    /// </summary>
    public void LingerAtEnd() => _lingers = _writer is null;

    /// <summary>The same, where this side ends the output of a connection that carries calls in good order: behind GOAWAY and the last answer.</summary>
    public void LingerAfterCalls() => _lingers |= _onPool;

    private async ValueTask LingerAsync()
    {
        using var time = new CancellationTokenSource(LingerTime);
        using CancellationTokenRegistration over = time.Token.UnsafeRegister(static signal => ((ReadySignal)signal!).Set(), _arrival);
        using IMemoryOwner<byte> waste = _segments.Rent(SegmentPool.Smallest * 4);
        int left = LingerBytes;
        try
        {
            while (!time.IsCancellationRequested)
            {
                int received = left > 0 ? _socket.Receive(waste.Memory.Span) : StreamSocket.WouldWait;
                if (received == 0)
                {
                    return; // The caller has closed, too.
                }

                if (received == StreamSocket.WouldWait)
                {
                    await _arrival.WaitAsync();
                    continue;
                }

                _traffic.CountReceived(received);
                left -= received;
            }
        }
        catch (PosixException)
        {
            // Reset by the caller: nothing is left to save.
        }
    }
}
