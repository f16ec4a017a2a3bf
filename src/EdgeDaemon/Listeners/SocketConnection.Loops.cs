using System.Buffers;
using System.IO.Pipelines;
using EdgeDaemon.Native.Posix;
using Microsoft.AspNetCore.Connections;

namespace EdgeDaemon.Listeners;

/// <content>The two loops: from the socket into one pipe, and from the other pipe to the socket.</content>
internal sealed partial class SocketConnection
{
    // Reads below a quarter of the block, this many in a row, make the next block smaller.
    private const int SmallReadsToShrink = 16;

    private async Task ReceiveAsync(PipeWriter input)
    {
        Exception? error = null;
        bool halfClosed = false;
        int block = SegmentPool.Smallest;
        int smallReads = 0;
        try
        {
            while (true)
            {
                // No block is held while nothing arrives: an idle caller costs no memory, and its last bytes lie nowhere.
                await _arrival.WaitAsync();
                if (_lingers && Volatile.Read(ref _isShutDown) != 0)
                {
                    return; // What still comes is thrown away, by whoever closes the socket.
                }

                int received;
                int room;
                int answered = 0;
                do
                {
                    Memory<byte> buffer = input.GetMemory(block);
                    room = buffer.Length;
                    received = _senders is null ? _socket.Receive(buffer.Span) : ReceiveOwn(buffer.Span);
                    if (received <= 0)
                    {
                        break;
                    }

                    // A full block means more is coming: take it in fewer, larger reads. Small ones give the memory back.
                    if (received == room && block < SegmentPool.Largest)
                    {
                        block *= 4;
                        smallReads = 0;
                    }
                    else if (block > SegmentPool.Smallest && received < block / 4 && ++smallReads == SmallReadsToShrink)
                    {
                        block /= 4;
                        smallReads = 0;
                    }

                    _traffic.CountReceived(received);
                    SegmentPool.Wrote(buffer, received);
                    answered = _sends;
                    input.Advance(received);
                    FlushResult flushed = await input.FlushAsync();
                    if (flushed.IsCompleted || flushed.IsCanceled)
                    {
                        return; // The server wants no more.
                    }
                }
                while (received == room || _inputEnds || MoreMayWait(answered));

                if (received > 0)
                {
                    continue; // Less than there was room for is all that there was (epoll(7)): the next arrival is reported.
                }

                if (received == 0)
                {
                    halfClosed = Volatile.Read(ref _isShutDown) == 0;
                    return; // The other side has finished sending, and may still wait for its answer.
                }

                await input.FlushAsync(); // Ends the write that came to nothing.
            }
        }
        catch (PosixException failure)
        {
            error = _shutdownReason ?? new ConnectionResetException(failure.Message, failure);
        }
        finally
        {
            await input.CompleteAsync(_shutdownReason ?? error);
            if (!halfClosed)
            {
                QueueSignalClosed();
            }
        }
    }

    // Data of two processes of a user are taken one after the other, so that less than there was room for is not always all that there was. Asking again
    // costs a call: only for who has done so before, and for what was not answered at once: it may be the beginning of what a second process ends.
    private bool MoreMayWait(int answered) => _severalSend || (_senders is not null && _sends == answered);

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

    private async Task SendAsync(PipeReader output, PipeWriter input)
    {
        Exception? reason = null;
        Exception? unexpected = null;
        try
        {
            while (true)
            {
                ReadResult result = await output.ReadAsync();
                if (result.IsCanceled)
                {
                    break;
                }

                ReadOnlySequence<byte> buffer = result.Buffer;
                foreach (ReadOnlyMemory<byte> segment in buffer)
                {
                    for (ReadOnlyMemory<byte> rest = segment; !rest.IsEmpty;)
                    {
                        int sent = _socket.Send(rest.Span);
                        if (sent == StreamSocket.WouldWait)
                        {
                            await RoomAsync();
                            continue;
                        }

                        _sends++;
                        _traffic.CountSent(sent);
                        rest = rest[sent..];
                    }
                }

                output.AdvanceTo(buffer.End);
                if (result.IsCompleted)
                {
                    LingerAfterCalls();
                    break;
                }
            }
        }
        catch (PosixException failure)
        {
            reason = new ConnectionResetException(failure.Message, failure);
        }
        catch (Exception failure)
        {
            reason = failure;
            unexpected = failure;
        }
        finally
        {
            ShutDown(reason);
            await output.CompleteAsync(unexpected);
            input.CancelPendingFlush();
        }
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
