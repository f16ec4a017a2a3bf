namespace EdgeDaemon.Audit;

/// <summary>Records that are in no log, by cause: counted by whoever has one, noted in the log by the writer.</summary>
internal sealed class DropCounts
{
    private readonly long[] _dropped = new long[Enum.GetValues<AuditCause>().Length];
    private readonly long[] _noted = new long[Enum.GetValues<AuditCause>().Length];

    public void Count(AuditCause cause, long records = 1) => Interlocked.Add(ref _dropped[(int)cause], records);

    public long Of(AuditCause cause) => Interlocked.Read(ref _dropped[(int)cause]);

    /// <summary>A cause of which more have been dropped than was noted, and how many more. The writer's.</summary>
    public bool TryTakeUnnoted(out AuditCause cause, out long records)
    {
        for (int i = 0; i < _dropped.Length; i++)
        {
            long dropped = Interlocked.Read(ref _dropped[i]);
            if (dropped > _noted[i])
            {
                (cause, records) = ((AuditCause)i, dropped - _noted[i]);
                _noted[i] = dropped;
                return true;
            }
        }

        (cause, records) = (AuditCause.None, 0);
        return false;
    }

    /// <summary>The note did not reach the log.</summary>
    public void PutBack(AuditCause cause, long records) => _noted[(int)cause] -= records;
}
