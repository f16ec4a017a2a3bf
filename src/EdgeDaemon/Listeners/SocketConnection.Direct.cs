using System.Runtime.CompilerServices;
using EdgeDaemon.Native.Posix;
using Microsoft.AspNetCore.Connections;

namespace EdgeDaemon.Listeners;

/// <content>Where its readers and writers wait, and what they report.</content>
internal sealed partial class SocketConnection
{
    private long _received;
    private long _sent;

    /// <summary>An end of the input was reported: it is not reported again.</summary>
    public bool InputEnds => _inputEnds;

    /// <summary>True when something may have arrived; otherwise the waiter is called when it may have. One waiter at a time.</summary>
    public bool HasArrivedOrCall(Action waiter) => _arrival.TryTakeOrCall(waiter);

    /// <summary>Whoever waits for an arrival looks whether he should go on.</summary>
    public void WakeReader() => _arrival.Set();

    /// <summary>Ends both directions; what was sent is still delivered.</summary>
    public void Close() => ShutDown(null);

    /// <summary>Waits until something may have arrived; one waiter at a time.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask ArrivalAsync(CancellationToken cancel)
    {
        using CancellationTokenRegistration woken = cancel.UnsafeRegister(static signal => ((ReadySignal)signal!).Set(), _arrival);
        await _arrival.WaitAsync();
        cancel.ThrowIfCancellationRequested();
    }

    /// <summary>Waits until there may be room; one waiter at a time.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RoomAsync(CancellationToken cancel)
    {
        using CancellationTokenRegistration woken = cancel.UnsafeRegister(static signal => ((ReadySignal)signal!).Set(), _room);
        await RoomAsync();
        cancel.ThrowIfCancellationRequested();
    }

    /// <exception cref="IOException">This side has ended the connection: what comes now is read by nobody.</exception>
    public void RequireReader()
    {
        if (_lingers && _shutdownReason is { } ended)
        {
            throw new IOException(ended.Message, ended);
        }
    }

    /// <summary>0, the end of what the other side sends.</summary>
    /// <exception cref="IOException">It was this side that ended it.</exception>
    public int EndOfInput() => _shutdownReason is { } reason ? throw new IOException(reason.Message, reason) : 0;

    /// <summary>Tells everybody whom it concerns that the socket failed.</summary>
    public IOException Lost(PosixException failure)
    {
        QueueSignalClosed();
        return _shutdownReason is { } reason ? new IOException(reason.Message, reason) : new ConnectionResetException(failure.Message, failure);
    }

    /// <param name="all">Bytes received since the start; the one who reads counts them.</param>
    public void CountReceived(long all)
    {
        if (all > _received)
        {
            _traffic.CountReceived((int)(all - _received));
            _received = all;
        }
    }

    /// <param name="all">Bytes sent since the start; the one who writes counts them.</param>
    public void CountSent(long all)
    {
        if (all > _sent)
        {
            _traffic.CountSent((int)(all - _sent));
            _sent = all;
        }
    }
}
