using System.Globalization;
using System.Text;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>
/// How far a consumer has come: which log, the sequence of the record that comes next, and the leaf hashes of some that came before. By them a log is noticed
/// whose end a power cut took back, or whose past was written anew under the consumer, and the newest place found that both still agree on.
/// </summary>
internal sealed class ExportCursor
{
    public const int MaxBytes = 4096;

    private const string Head = "edged-audit-cursor 1";
    private const int LeafBytes = 32;
    private const int MostPoints = 8;

    /// <param name="origin">The log's, as its checkpoints name it.</param>
    /// <param name="next">Sequence of the first record that was not exported.</param>
    /// <param name="points">Newest first; the first one is the record before <paramref name="next"/>. Empty where nothing was exported.</param>
    public ExportCursor(string origin, long next, IReadOnlyList<LogPoint> points)
    {
        Origin = origin;
        Next = next;
        Points = points;
    }

    public string Origin { get; }

    public long Next { get; }

    public IReadOnlyList<LogPoint> Points { get; }

    /// <summary>The file's text: one fact a line, so that an operator can read it.</summary>
    public byte[] ToBytes()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Head}\norigin {Origin}\nnext {Next}\n");
        foreach (LogPoint point in Points)
        {
            text.Append(CultureInfo.InvariantCulture, $"record {point.Sequence} {Convert.ToBase64String(point.Leaf)}\n");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <exception cref="CtlException">It is not what <see cref="ToBytes"/> writes: a torn or edited cursor must not choose where to go on.</exception>
    public static ExportCursor Parse(ReadOnlySpan<byte> bytes, string file)
    {
        string[] lines = Encoding.UTF8.GetString(bytes).Split('\n');
        if (lines.Length is >= 4 and <= 4 + MostPoints && lines[0] == Head && Value(lines[1], "origin ") is { Length: > 0 } origin && Number(Value(lines[2], "next ")) is { } next)
        {
            var points = new List<LogPoint>();
            foreach (string line in lines.AsSpan(3, lines.Length - 4))
            {
                if (Point(line) is { } point)
                {
                    points.Add(point);
                }
            }

            var cursor = new ExportCursor(origin, next, points);
            if (cursor.IsInOrder() && bytes.SequenceEqual(cursor.ToBytes()))
            {
                return cursor;
            }
        }

        throw new CtlException($"{file}: is no cursor of 'edgectl audit export', or was edited: put the last one back, or start anew with another file (records then come again)");
    }

    private bool IsInOrder()
    {
        long above = Next;
        foreach (LogPoint point in Points)
        {
            if (point.Sequence >= above)
            {
                return false;
            }

            above = point.Sequence;
        }

        return Points.Count == 0 ? Next == 0 : Points[0].Sequence == Next - 1;
    }

    private static LogPoint? Point(string line)
    {
        string[] parts = line.Split(' ');
        byte[] leaf = new byte[LeafBytes];
        return parts.Length == 3 && parts[0] == "record" && Number(parts[1]) is { } sequence
            && Convert.TryFromBase64String(parts[2], leaf, out int count) && count == LeafBytes
            ? new LogPoint(sequence, leaf)
            : null;
    }

    private static string? Value(string line, string key) => line.StartsWith(key, StringComparison.Ordinal) ? line[key.Length..] : null;

    private static long? Number(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
}

/// <summary>A record that a consumer has.</summary>
/// <param name="Sequence">Its place in the log.</param>
/// <param name="Leaf">Its RFC 6962 leaf hash, 32 bytes.</param>
internal sealed record LogPoint(long Sequence, byte[] Leaf);
