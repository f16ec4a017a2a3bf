using System.Diagnostics;
using EdgeDaemon.Core.Protocol;

namespace EdgeDaemon.Admission;

/// <summary>One request's place among those in flight, and in the queue of a model. Belongs to a connection, like <see cref="Grant"/>.</summary>
internal sealed class Entry
{
    /// <summary>What the server keeps of a call's answer without making its writer wait (4 KiB of a stream's pipe): up to here no account is asked.</summary>
    private const int SmallAnswer = 4 * 1024;

    private DividedBudget? _queue;
    private bool _bytesKnown;
    private long _owed;

    /// <summary>Of the tenant that the request is for; null outside.</summary>
    public TenantAccount? Account { get; private set; }

    /// <summary>Its answer is on the tenant's account: whoever sends it waits until it has left.</summary>
    public bool OwesAnswer => _owed > 0;

    /// <summary>The request is in.</summary>
    /// <param name="account">Of its tenant.</param>
    /// <param name="bytesKnown">Its body was charged when it entered.</param>
    public void Open(TenantAccount account, bool bytesKnown)
    {
        Account = account;
        _bytesKnown = bytesKnown;
    }

    /// <summary>Refuses a request that could not even wait, before more of it is read.</summary>
    /// <exception cref="RefusedException">The queue has no place for the tenant.</exception>
    public void RequirePlace(DividedBudget queue, string model)
    {
        if (!queue.HasRoom(Account!.Tenant))
        {
            throw Full(model);
        }
    }

    /// <summary>Takes a place in the queue of a model.</summary>
    /// <exception cref="RefusedException">The queue has no place for the tenant.</exception>
    public void TakePlace(DividedBudget queue, string model)
    {
        if (!queue.TryTake(Account!.Tenant, 1))
        {
            throw Full(model);
        }

        _queue = queue;
        Account.Usage.CountQueued(1);
    }

    /// <summary>The wait is over.</summary>
    public void LeavePlace()
    {
        if (_queue is { } queue)
        {
            _queue = null;
            Account!.Usage.CountQueued(-1);
            queue.GiveBack(Account.Tenant, 1);
        }
    }

    /// <summary>Puts an answer on the tenant's account until the request is over. A caller that does not read takes of what is its tenant's, as one that does not end its body.</summary>
    /// <param name="bytes">Of the whole answer; up to 4 KiB cost nothing.</param>
    /// <exception cref="RefusedException">There is not so much left.</exception>
    public void Owe(long bytes)
    {
        if (bytes <= SmallAnswer)
        {
            return;
        }

        if (!Account!.TryCharge(bytes))
        {
            throw Account.Refused(bytes);
        }

        _owed = bytes;
    }

    /// <summary>The request is over. What came of its body without a stated length is charged now: the tenant's next request waits for it.</summary>
    /// <param name="bytes">That came of its body.</param>
    public void Close(long bytes)
    {
        if (Account is not { } account)
        {
            return;
        }

        LeavePlace();
        if (_owed > 0)
        {
            account.Refund(_owed);
            _owed = 0;
        }

        account.Usage.CountBytes(bytes);
        if (!_bytesKnown && bytes > 0 && account.Tenant.Settings.BytesPerSecond is > 0 and var perSecond)
        {
            account.Bytes.Charge(Stopwatch.GetTimestamp(), bytes, perSecond);
        }

        account.Usage.Leave();
        Account = null;
    }

    private RefusedException Full(string model) => new(
        Refusal.AdmissionQueueFull, $"as many requests wait for '{model}' as engine.queue allows tenant '{Account!.Tenant.Name}'") { RetryAfter = RequestAdmission.Soon };
}
