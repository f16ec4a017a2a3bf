using System.Diagnostics;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Identity;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Admission;

/// <summary>All that is kept of one tenant, from reload to reload: its rates, what it takes, and the tensor memory on its account.</summary>
internal sealed class TenantAccount(DividedBudget memory) : TensorAccount
{
    private volatile Tenant? _tenant;

    public TenantUsage Usage { get; } = new();

    public RateBucket Requests { get; } = new(Stopwatch.Frequency);

    public RateBucket Bytes { get; } = new(Stopwatch.Frequency);

    /// <summary>The tenant as the newest request found it described.</summary>
    public Tenant Tenant
    {
        get => _tenant!;
        set
        {
            if (_tenant != value)
            {
                _tenant = value;
            }
        }
    }

    public override int Holder => Tenant.Index + 1;

    public override bool TryCharge(long bytes)
    {
        Tenant tenant = Tenant;
        if (!Usage.TryHold(bytes, tenant.Settings.MaxTensorBytes))
        {
            return false;
        }

        if (memory.TryTake(tenant, bytes))
        {
            return true;
        }

        Usage.LetGo(bytes);
        return false;
    }

    public override void Refund(long bytes)
    {
        memory.GiveBack(Tenant, bytes);
        Usage.LetGo(bytes);
    }

    // Its own limit is the tenant's affair; what all share is everybody's, and may be there in a moment.
    public override RefusedException Refused(long bytes)
    {
        long most = Tenant.Settings.MaxTensorBytes;
        return most > 0 && Usage.TensorBytes > most - bytes
            ? new RefusedException(Refusal.AdmissionTensorBytes, $"no {bytes} bytes left of max_tensor_bytes {most} of tenant '{Tenant.Name}'") { RetryAfter = RequestAdmission.Soon }
            : new RefusedException(Refusal.AdmissionMemory, $"no {bytes} bytes left of limits.max_tensor_bytes for tenant '{Tenant.Name}'") { RetryAfter = RequestAdmission.Soon };
    }
}
