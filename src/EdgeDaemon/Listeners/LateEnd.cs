using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;

namespace EdgeDaemon.Listeners;

/// <summary>
/// What a connection of HTTP/1.1 reads: its end is told only when every byte before it was looked at. The server takes an end that it sees together with a body's bytes for a body
/// that ended early, even if all of it is there: a caller that half-closes right behind its request would get no answer.
/// </summary>
/// <param name="input">A pipe's reader.</param>
internal sealed class LateEnd(PipeReader input) : PipeReader, IValueTaskSource<ReadResult>
{
    // A pipe's reader is what its own reads are waited for with. An end can come between a read and the wait for it, so that also what was waited for is looked through; by this
    // and not by a method that awaits, which would cost each request of each connection.
    private readonly IValueTaskSource<ReadResult> _waiting = (IValueTaskSource<ReadResult>)input;
    private ReadOnlySequence<byte> _shown;
    private bool _isHeldBack;
    private bool _isLookedAt;

    public override bool TryRead(out ReadResult result)
    {
        if (!input.TryRead(out result))
        {
            return false;
        }

        result = Shown(result);
        return true;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        ValueTask<ReadResult> read = input.ReadAsync(cancellationToken);
        return read.IsCompletedSuccessfully ? ValueTask.FromResult(Shown(read.Result)) : read.IsCompleted ? read : new ValueTask<ReadResult>(this, 0);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_isHeldBack)
        {
            _isHeldBack = false;
            _isLookedAt = _shown.Slice(examined).IsEmpty; // Not the positions: one place in two blocks has two.
            _shown = default;
        }

        input.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => input.CancelPendingRead();

    public override void Complete(Exception? exception = null) => input.Complete(exception);

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => Shown(_waiting.GetResult(token));

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _waiting.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _waiting.OnCompleted(continuation, state, token, flags);

    private ReadResult Shown(in ReadResult result)
    {
        if (!result.IsCompleted || result.Buffer.IsEmpty || _isLookedAt)
        {
            return result;
        }

        _isHeldBack = true;
        _shown = result.Buffer;
        return new ReadResult(result.Buffer, result.IsCanceled, isCompleted: false);
    }
}
