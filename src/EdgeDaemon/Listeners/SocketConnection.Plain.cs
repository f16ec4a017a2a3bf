using EdgeDaemon.Native.Posix;
using Microsoft.AspNetCore.Connections;

namespace EdgeDaemon.Listeners;

/// <content>Bytes as they are, without TLS: what <see cref="PlainReader"/> takes and <see cref="PlainWriter"/> gives.</content>
internal sealed partial class SocketConnection
{
    private CallerHome? _home;
    private bool _severalSend;
    private bool _filled;
    private int _lastSender;
    private int _sends;
    private int _sendsBefore;

    /// <summary>Where his answers cost least, on a Unix socket: over TCP nobody waits on this device for them.</summary>
    public int Home => _home?.Core ?? -1;

    /// <summary>
    /// Something may have arrived: to be asked before each <see cref="Receive"/>, by its caller alone. Less than there was room for is all that there was (epoll(7)), and the
    /// next arrival is reported.
    /// </summary>
    public bool MayReceive() => _filled || _inputEnds || _arrival.TryTake() || (MoreMayWait() && _socket.HasUnread());

    /// <summary>Takes what has arrived: the number of bytes, 0 at the end, or <see cref="StreamSocket.WouldWait"/>.</summary>
    /// <exception cref="IOException">The connection is gone, or this side has ended it.</exception>
    public int Receive(Span<byte> buffer)
    {
        try
        {
            // What still comes behind our end is thrown away, by whoever closes the socket.
            int received = _lingers && Volatile.Read(ref _isShutDown) != 0 ? 0 : _senders is null ? _socket.Receive(buffer) : ReceiveOwn(buffer);
            _filled = received == buffer.Length;
            _sendsBefore = _sends;
            if (received > 0)
            {
                _traffic.CountReceived(received);
            }
            else if (received == 0 && _shutdownReason is { } reason)
            {
                QueueSignalClosed();
                throw reason;
            }

            return received;
        }
        catch (PosixException failure)
        {
            QueueSignalClosed();
            throw _shutdownReason ?? new ConnectionResetException(failure.Message, failure);
        }
    }

    /// <summary>Gives bytes to the socket: how many it took, or <see cref="StreamSocket.WouldWait"/>.</summary>
    /// <exception cref="PosixException">The connection is gone.</exception>
    public int Send(ReadOnlySpan<byte> bytes)
    {
        int sent = SendAndLearn(bytes);
        if (sent > 0)
        {
            _sends++;
            _traffic.CountSent(sent);
        }

        return sent;
    }

    /// <summary>An answer to a call may wait until the thread where its caller is at home gives it, with <see cref="PlainWriter.GiveLeft"/>; false: there is no better thread than this one.</summary>
    public bool TryLeaveAnswer() => _onPool && _home is { Core: >= 0 and var core } && _threads.TryLeave(_token, core);

    // Small answers only: what larger ones cost is their own bytes.
    private int SendAndLearn(ReadOnlySpan<byte> bytes)
    {
        if (_home is null || !(_onPool ? Thread.CurrentThread.IsThreadPoolThread : SocketThreads.Place >= 0) || bytes.Length > SegmentPool.Smallest || !_home.Asks())
        {
            return _socket.Send(bytes);
        }

        long before = ThreadTime.Used();
        int sent = _socket.Send(bytes);
        _home.Learn(CurrentCore.Number(), ThreadTime.Used() - before);
        return sent;
    }

    // Data of two processes of a user are taken one after the other, so that less than there was room for is not always all that there was. Asking again
    // costs a call: only for who has done so before, and for what was not answered at once: it may be the beginning of what a second process ends. (Of HTTP/2, more is always wanted before the answer.)
    private bool MoreMayWait() => _severalSend || (_senders is not null && _sends == _sendsBefore);

    // What another user sent is not part of the request, and what is behind it neither.
    private int ReceiveOwn(Span<byte> buffer)
    {
        int received = _socket.Receive(buffer, out PieceSender sender);
        if (received <= 0)
        {
            return received;
        }

        if (!_senders!.Passes(_peer, sender))
        {
            buffer[..received].Clear();
            ShutDown(new ConnectionAbortedException("data of another sender than the connection's caller"));
            return 0;
        }

        if (sender.Credentials.Process != _lastSender)
        {
            _lastSender = sender.Credentials.Process;
            _severalSend = true;
        }

        return received;
    }

    // The caller reads more slowly than it asks.
    private async ValueTask RoomAsync()
    {
        _answerWaits = true;
        _threads.WatchOutput(_socket, _token, wanted: true, _onPool);
        await _room.WaitAsync();
        _threads.WatchOutput(_socket, _token, wanted: false, _onPool);
        _answerWaits = false;
    }
}
