using System.Diagnostics.CodeAnalysis;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Admission;

/// <summary>Who may take how much: before the first body byte, and again before tensor memory is taken.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A token source without a timer holds nothing, and lives as long as the process.")]
internal sealed class RequestAdmission(TensorBlockPool pool)
{
    private volatile CancellationTokenSource _drain = new();

    /// <summary>Bytes of tensor memory in use by all requests.</summary>
    public long TensorBytes => pool.InUse;

    /// <summary>The daemon is stopping: nobody new enters.</summary>
    public bool Draining => _drain.IsCancellationRequested;

    /// <summary>Fires when the daemon begins to stop, for those who wait without a request.</summary>
    public CancellationToken DrainBegins => _drain.Token;

    /// <summary>Before any of the body is read.</summary>
    public void Enter()
    {
        if (Draining)
        {
            throw new RefusedException(Refusal.Draining, "the daemon is stopping");
        }
    }

    /// <summary>From now on no request enters; those inside finish.</summary>
    public void Drain() => _drain.Cancel();

    /// <summary>Requests enter again.</summary>
    public void EndDrain()
    {
        if (Draining)
        {
            _drain = new CancellationTokenSource();
        }
    }

    /// <summary>Opens a grant over at most <paramref name="bytes"/> of tensor memory, all of it refused at once if it is not there.</summary>
    public void Open(Grant grant, long bytes) => grant.Open(pool, bytes);
}
