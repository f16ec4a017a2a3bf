using EdgeDaemon.Core.Protocol;

namespace EdgeDaemon.Native.Onnx;

/// <summary>On whose account tensor memory is rented. Charged with what a block really takes, refunded when it comes back, on any thread.</summary>
public abstract class TensorAccount
{
    /// <summary>Whose it is: 1 or more, another for each tenant, the same as long as the daemon runs.</summary>
    public abstract int Holder { get; }

    /// <summary>False when there is not so much left on it.</summary>
    public abstract bool TryCharge(long bytes);

    public abstract void Refund(long bytes);

    /// <summary>Why so much was not to be had.</summary>
    public abstract RefusedException Refused(long bytes);
}
