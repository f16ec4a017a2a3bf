using System.IO.Pipelines;
using System.Threading.Tasks.Sources;

namespace EdgeDaemon.Listeners;

/// <content>Whoever reads waits here, on no object of its own: state machines that one thread of the pool begins and another ends are not there when the next is begun.</content>
internal sealed partial class PlainReader : IValueTaskSource<ReadResult>
{
    private ManualResetValueTaskSourceCore<bool> _wait; // Of who reads: was it cancelled? Mutable struct: not readonly.
    private Action? _goOn;
    private CancellationToken _cancel;
    private CancellationTokenRegistration _woken;

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => Shown(_wait.GetResult(token));

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);

    private ValueTask<ReadResult> WaitAsync(CancellationToken cancel)
    {
        _wait.Reset();
        _cancel = cancel;
        _woken = cancel.UnsafeRegister(static connection => ((SocketConnection)connection!).WakeReader(), connection);
        var read = new ValueTask<ReadResult>(this, _wait.Version);
        Wait();
        return read;
    }

    // Until there is something to show, or nobody wants to see it. On the thread that brought the news, but for the first time.
    private void Wait()
    {
        while (connection.HasArrivedOrCall(_goOn ??= GoOn))
        {
            if (TryEndWait())
            {
                return;
            }
        }

        // Nothing is touched from here: another thread may be going on already.
    }

    private void GoOn()
    {
        if (!TryEndWait())
        {
            Wait();
        }
    }

    private bool TryEndWait()
    {
        bool isCancelled;
        try
        {
            _cancel.ThrowIfCancellationRequested();
            isCancelled = _isCancelled;
            if (isCancelled)
            {
                _isCancelled = false;
            }
            else if (!Receive())
            {
                return false;
            }
        }
        catch (Exception gone)
        {
            _woken.Dispose();
            _wait.SetException(gone);
            return true;
        }

        _woken.Dispose();
        _wait.SetResult(isCancelled);
        return true;
    }
}
