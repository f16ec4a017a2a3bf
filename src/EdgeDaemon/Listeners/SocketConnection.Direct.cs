using System.Runtime.CompilerServices;
using EdgeDaemon.Native.Posix;
using Microsoft.AspNetCore.Connections;

namespace EdgeDaemon.Listeners;

/// <content>The socket without pipes: whoever reads and writes here has buffers of its own, and each byte is copied once less.</content>
internal sealed partial class SocketConnection
{
    // True until a call has found less than it had room for: that is all that there was (epoll(7)).
    private bool _mayHaveMore = true;

    /// <summary>Takes what has arrived, waiting for it; 0 when the other side has finished sending. An empty buffer waits and takes nothing.</summary>
    /// <exception cref="IOException">Reset, or ended by this side.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancel)
    {
        bool nothing = false;
        while (true)
        {
            // An end that was reported stays to be read behind the last bytes: it is not reported again.
            if (nothing || (!_mayHaveMore && !_inputEnds))
            {
                await ArrivalAsync(cancel);
                nothing = false;
            }

            if (buffer.IsEmpty)
            {
                return 0;
            }

            int received;
            try
            {
                received = _socket.Receive(buffer.Span);
            }
            catch (PosixException failure)
            {
                QueueSignalClosed();
                throw Ended(failure);
            }

            _mayHaveMore = received == buffer.Length;
            if (received > 0)
            {
                _traffic.CountReceived(received);
                return received;
            }

            if (received == 0)
            {
                return _shutdownReason is { } reason ? throw new IOException(reason.Message, reason) : 0;
            }

            nothing = true;
        }
    }

    /// <summary>Hands over all of it, waiting for room.</summary>
    /// <param name="patient">False: what there is no room for at once is left out.</param>
    /// <exception cref="IOException">Reset, or ended by this side.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask SendAsync(ReadOnlyMemory<byte> data, bool patient, CancellationToken cancel)
    {
        while (!data.IsEmpty)
        {
            int sent;
            try
            {
                sent = _socket.Send(data.Span);
            }
            catch (PosixException failure)
            {
                QueueSignalClosed();
                throw Ended(failure);
            }

            if (sent != StreamSocket.WouldWait)
            {
                _traffic.CountSent(sent);
                data = data[sent..];
                continue;
            }

            if (!patient)
            {
                return;
            }

            using CancellationTokenRegistration woken = cancel.UnsafeRegister(static signal => ((ReadySignal)signal!).Set(), _room);
            await RoomAsync();
            cancel.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Ends both directions; what was sent is still delivered.</summary>
    public void Close() => ShutDown(null);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ArrivalAsync(CancellationToken cancel)
    {
        using CancellationTokenRegistration woken = cancel.UnsafeRegister(static signal => ((ReadySignal)signal!).Set(), _arrival);
        await _arrival.WaitAsync();

        // Whoever is called off takes the news of what has arrived with him, and it is not reported again: the next must look.
        _mayHaveMore = true;
        cancel.ThrowIfCancellationRequested();
    }

    private IOException Ended(PosixException failure) =>
        _shutdownReason is { } reason ? new IOException(reason.Message, reason) : new ConnectionResetException(failure.Message, failure);
}
