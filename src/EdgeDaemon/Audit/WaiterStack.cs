namespace EdgeDaemon.Audit;

/// <summary>Waiters that many threads put down and one takes up, all at once: so there is no ABA, although they are used again.</summary>
internal sealed class WaiterStack
{
    private AuditWaiter? _top;

    public bool IsEmpty => Volatile.Read(ref _top) is null;

    public void Push(AuditWaiter waiter)
    {
        AuditWaiter? top;
        do
        {
            top = Volatile.Read(ref _top);
            waiter.Next = top;
        }
        while (Interlocked.CompareExchange(ref _top, waiter, top) != top);
    }

    /// <summary>All of them, the first that came first.</summary>
    public AuditWaiter? TakeAll()
    {
        AuditWaiter? rest = Interlocked.Exchange(ref _top, null);
        AuditWaiter? ordered = null;
        while (rest is not null)
        {
            AuditWaiter? next = rest.Next;
            rest.Next = ordered;
            ordered = rest;
            rest = next;
        }

        return ordered;
    }
}
