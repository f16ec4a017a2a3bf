namespace EdgeDaemon.Audit;

/// <summary>Tells of alarms, also of those that came before there was anybody to tell: the first seconds of a start are like that.</summary>
internal sealed class AlarmBell
{
    private const int MostUnheard = 64;

    private readonly Lock _change = new();
    private readonly Queue<AuditAlarm> _unheard = new();
    private Action<AuditAlarm>? _told;

    /// <summary>Who is told, on the thread that raises it; whoever is set hears first what nobody has heard.</summary>
    public Action<AuditAlarm>? Told
    {
        get => _told;
        set
        {
            AuditAlarm[] unheard;
            lock (_change)
            {
                _told = value;
                unheard = value is null ? [] : [.. _unheard];
                if (value is not null)
                {
                    _unheard.Clear();
                }
            }

            foreach (AuditAlarm alarm in unheard)
            {
                value!(alarm);
            }
        }
    }

    public void Raise(AuditAlarm alarm)
    {
        Action<AuditAlarm>? told;
        lock (_change)
        {
            told = _told;
            if (told is null && _unheard.Count < MostUnheard)
            {
                _unheard.Enqueue(alarm);
            }
        }

        told?.Invoke(alarm);
    }
}
