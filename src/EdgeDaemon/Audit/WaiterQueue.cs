namespace EdgeDaemon.Audit;

/// <summary>Waiters in the order in which they came. One thread's.</summary>
internal sealed class WaiterQueue
{
    private AuditWaiter? _last;

    public AuditWaiter? First { get; private set; }

    /// <param name="chain">The first of a list; null: none.</param>
    public void Append(AuditWaiter? chain)
    {
        if (chain is null)
        {
            return;
        }

        if (_last is null)
        {
            First = chain;
        }
        else
        {
            _last.Next = chain;
        }

        for (_last = chain; _last.Next is not null; _last = _last.Next)
        {
        }
    }

    /// <summary>Takes all away, as a list.</summary>
    public AuditWaiter? TakeAll()
    {
        AuditWaiter? all = First;
        (First, _last) = (null, null);
        return all;
    }

    /// <summary>Those whose deadline has come go, and are told; the others stay in their order.</summary>
    /// <param name="now">In the monotone clock's ticks.</param>
    public void Leave(long now, in AuditPlace place)
    {
        AuditWaiter? rest = TakeAll();
        while (rest is not null)
        {
            AuditWaiter waiter = rest;
            rest = waiter.Next;
            waiter.Next = null;
            if (waiter.Deadline > now)
            {
                Append(waiter);
            }
            else
            {
                waiter.Complete(place);
            }
        }
    }

    /// <summary>Takes the first away.</summary>
    public AuditWaiter Dequeue()
    {
        AuditWaiter first = First!;
        First = first.Next;
        first.Next = null;
        if (First is null)
        {
            _last = null;
        }

        return first;
    }
}
