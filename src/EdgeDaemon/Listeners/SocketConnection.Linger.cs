using System.Buffers;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Listeners;

/// <content>
/// The end of a TCP connection whose caller still sends: closed at once, the kernel would answer what comes with a reset, and that can take the last answer away
/// from a caller that has not read it yet (RFC 9112, 9.6). Unix sockets lose nothing.
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
    public void LingerAtEnd() => _lingers = _input is null;

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
