using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Admission;

/// <summary>Who may take how much: before the first body byte, and again before tensor memory is taken.</summary>
internal sealed class RequestAdmission(TensorBlockPool pool)
{
    private volatile bool _draining;

    /// <summary>Bytes of tensor memory in use by all requests.</summary>
    public long TensorBytes => pool.InUse;

    /// <summary>Before any of the body is read.</summary>
    public void Enter()
    {
        if (_draining)
        {
            throw new RefusedException(Refusal.Draining, "the daemon is stopping");
        }
    }

    /// <summary>From now on no request enters; those inside finish.</summary>
    public void Drain() => _draining = true;

    /// <summary>Opens a grant over at most <paramref name="bytes"/> of tensor memory, all of it refused at once if it is not there.</summary>
    public void Open(Grant grant, long bytes) => grant.Open(pool, bytes);
}
