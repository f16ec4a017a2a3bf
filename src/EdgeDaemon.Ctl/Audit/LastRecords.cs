namespace EdgeDaemon.Ctl.Audit;

/// <summary>The newest records that a filter lets through, at most so many: a ring of copies.</summary>
/// <param name="most">How many are kept.</param>
internal sealed class LastRecords(int most)
{
    private readonly Queue<(long Sequence, long Time, byte[] Record)> _kept = new();

    public int Count => _kept.Count;

    /// <summary>Reads the segments from that one on to the end of the log.</summary>
    public void Read(SpoolReader reader, RecordFilter filter)
    {
        while (reader.Read())
        {
            if (most > 0 && Matches(filter, reader))
            {
                if (_kept.Count == most)
                {
                    _kept.Dequeue();
                }

                _kept.Enqueue((reader.Sequence, reader.Time, reader.Record.ToArray()));
            }
        }
    }

    public void Print(RecordPrinter printer)
    {
        foreach ((long sequence, long time, byte[] record) in _kept)
        {
            printer.Write((ulong)sequence, time, record);
        }
    }

    public void Clear() => _kept.Clear();

    private static bool Matches(RecordFilter filter, SpoolReader reader) => filter.Matches(reader.Time, reader.Record);
}
