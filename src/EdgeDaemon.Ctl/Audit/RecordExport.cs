using System.Globalization;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Core.Audit.Tree;
using EdgeDaemon.Native.OpenSsl;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>
/// All records in their order to one consumer, each at least once: first the lines go out (and to the disk, where they go to a file), then the cursor does.
/// Killed between any two steps, it sends the last lines again; it never leaves one out without a word.
/// </summary>
internal sealed class RecordExport
{
    /// <summary>Records between two cursors: that many come again at most.</summary>
    public const int Batch = 4096;

    /// <summary>Checkpoints that the cursor remembers; they are far enough apart for a power cut never to take all back.</summary>
    private const int Checkpoints = 4;

    private readonly SpoolReader _reader;
    private readonly RecordPrinter _printer;
    private readonly Action<ExportCursor> _keep;
    private readonly Action<string> _warn;
    private readonly List<LogPoint> _points = [];
    private string _origin = "";
    private LogPoint? _last;

    /// <param name="reader">The log; it throws at what is damaged unless the consumer wants to go on behind it.</param>
    /// <param name="printer">To the consumer.</param>
    /// <param name="keep">Brings a cursor to the consumer's disk.</param>
    /// <param name="warn">Told of what is not as expected and does not end the export.</param>
    public RecordExport(SpoolReader reader, RecordPrinter printer, Action<ExportCursor> keep, Action<string> warn)
    {
        _reader = reader;
        _printer = printer;
        _keep = keep;
        _warn = warn;
    }

    /// <summary>Finds the place to go on from.</summary>
    /// <param name="cursor">Null: from the oldest record that is there.</param>
    /// <param name="skipMissing">Whether to go on where records were removed before they were exported.</param>
    /// <exception cref="CtlException">It is another log, its past is another one, or records are gone.</exception>
    public void Begin(ExportCursor? cursor, bool skipMissing)
    {
        long first = _reader.Seek(cursor?.Next ?? 0);
        _origin = _reader.Cursor.Segment.Header.Origin;
        if (cursor is null)
        {
            return;
        }

        if (cursor.Origin != _origin)
        {
            throw new CtlException($"the cursor belongs to the log {cursor.Origin}, and this is {_origin}: name its own spool, or another cursor file");
        }

        if (first > cursor.Next)
        {
            PassOver(cursor.Next, first, skipMissing);
            return;
        }

        GoOn(cursor, first);
    }

    /// <summary>Sends what is there.</summary>
    /// <param name="most">At most so many records.</param>
    /// <returns>How many went out.</returns>
    /// <exception cref="IOException">The consumer is gone, or the disk does not keep the cursor: the last records will come again.</exception>
    public long Send(long most)
    {
        long sent = 0;
        while (sent < most && _reader.Read())
        {
            _printer.Write((ulong)_reader.Sequence, _reader.Time, _reader.Record);
            Remember();
            if (++sent % Batch == 0)
            {
                Keep();
            }
        }

        if (sent % Batch != 0)
        {
            Keep();
        }

        return sent;
    }

    // The order is the whole promise: lines first.
    private void Keep()
    {
        _printer.FlushDurably();
        var points = new List<LogPoint> { _last! };
        for (int at = _points.Count - 1; at >= 0; at--)
        {
            if (_points[at].Sequence < _last!.Sequence)
            {
                points.Add(_points[at]);
            }
        }

        _keep(new ExportCursor(_origin, _last!.Sequence + 1, points));
    }

    private void Remember()
    {
        byte[] leaf = new byte[TreeHash.Length];
        HasherChoice.Fastest.Hash(Frame.PrefixedLeaf(_reader.Present), leaf);
        _last = new LogPoint(_reader.Sequence, leaf);
        if (RecordReader.KindOf(_reader.Record) == RecordKind.Checkpoint)
        {
            Remember(_last);
        }
    }

    // A batch that was given up comes again with other numbers: what was remembered of it is no place of the log.
    private void Remember(LogPoint checkpoint)
    {
        _points.RemoveAll(point => point.Sequence >= checkpoint.Sequence);
        _points.Add(checkpoint);
        if (_points.Count > Checkpoints)
        {
            _points.RemoveAt(0);
        }
    }

    // Behind the newest record that consumer and log have alike.
    private void GoOn(ExportCursor cursor, long first)
    {
        for (int at = 0; at < cursor.Points.Count; at++)
        {
            LogPoint point = cursor.Points[at];
            if (Holds(point, out bool isRemoved))
            {
                for (int known = cursor.Points.Count - 1; known >= at; known--)
                {
                    Remember(cursor.Points[known]);
                }

                _last = point;
                if (at > 0)
                {
                    _warn(string.Create(CultureInfo.InvariantCulture, $"the log is not any more what it was at record {cursor.Next - 1}: records from {point.Sequence + 1} on are sent again, or others in their place. A power cut takes back what was not on the disk yet (a record of kind recovery says so); else somebody has changed the log: 'edgectl audit verify --since' a checkpoint that was exported"));
                }

                return;
            }

            if (isRemoved && at == 0 && first == cursor.Next)
            {
                // Exactly what was exported was removed since: nothing is left to compare, and nothing is lost.
                _reader.Seek(cursor.Next);
                return;
            }
        }

        if (cursor.Points.Count == 0)
        {
            _reader.Seek(0);
            return;
        }

        throw new CtlException($"the log is not the one that this cursor comes from: neither record {cursor.Points[0].Sequence} nor the checkpoints before it are the same. Keep the cursor as evidence; 'edgectl audit verify --since' a checkpoint that was exported says more. To begin anew, name another cursor file");
    }

    private bool Holds(LogPoint point, out bool isRemoved)
    {
        isRemoved = _reader.Seek(point.Sequence) > point.Sequence;
        if (isRemoved || !_reader.Read() || _reader.Sequence != point.Sequence)
        {
            return false;
        }

        Span<byte> leaf = stackalloc byte[TreeHash.Length];
        HasherChoice.Fastest.Hash(Frame.PrefixedLeaf(_reader.Present), leaf);
        return leaf.SequenceEqual(point.Leaf);
    }

    private void PassOver(long next, long first, bool skipMissing)
    {
        string what = $"records {next} to {first - 1} were removed from the log before they were exported";
        if (!skipMissing)
        {
            throw new CtlException($"{what}: export more often, or raise 'keep_days' and 'max_bytes' of [audit] in edged.toml; --skip-missing goes on behind them");
        }

        _warn(what);
    }
}
