using System.Globalization;
using System.Text;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>
/// How far a consumer has come: which log, the sequence of the record that comes next, and the leaf hash of the one before it, so that a log whose
/// past was rewritten under the consumer is noticed at the next export and not taken for the same one.
/// </summary>
/// <param name="Origin">The log's origin, as its checkpoints name it.</param>
/// <param name="Next">Sequence of the first record that was not exported.</param>
/// <param name="Leaf">RFC 6962 leaf hash of the record before <paramref name="Next"/>, 32 bytes; empty when there is none.</param>
internal sealed record ExportCursor(string Origin, long Next, ReadOnlyMemory<byte> Leaf)
{
    public const int MaxBytes = 4096;

    private const string Head = "edged-audit-cursor 1";
    private const int LeafBytes = 32;

    /// <summary>The file's text: one fact a line, so that an operator can read it.</summary>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"{Head}\norigin {Origin}\nnext {Next}\n{(Leaf.IsEmpty ? "" : $"leaf {Convert.ToBase64String(Leaf.Span)}\n")}"));

    /// <exception cref="CtlException">It is not what <see cref="ToBytes"/> writes: a torn or edited cursor must not choose where to go on.</exception>
    public static ExportCursor Parse(ReadOnlySpan<byte> bytes, string file)
    {
        string text = Encoding.UTF8.GetString(bytes);
        string[] lines = text.Split('\n');
        if (lines.Length is 4 or 5 && lines[0] == Head && Value(lines[1], "origin ") is { Length: > 0 } origin
            && long.TryParse(Value(lines[2], "next "), NumberStyles.None, CultureInfo.InvariantCulture, out long next)
            && Hash(lines) is { } leaf && leaf.Length == (next == 0 ? 0 : LeafBytes))
        {
            var cursor = new ExportCursor(origin, next, leaf);
            if (bytes.SequenceEqual(cursor.ToBytes()))
            {
                return cursor;
            }
        }

        throw new CtlException($"{file}: is no cursor of 'edgectl audit export', or was edited: put the last one back, or start anew with another file (records may then come twice)");
    }

    private static string? Value(string line, string key) => line.StartsWith(key, StringComparison.Ordinal) ? line[key.Length..] : null;

    private static byte[]? Hash(string[] lines)
    {
        if (lines.Length == 4)
        {
            return [];
        }

        byte[] hash = new byte[LeafBytes];
        return Convert.TryFromBase64String(Value(lines[3], "leaf ") ?? "", hash, out int count) && count == LeafBytes ? hash : null;
    }
}
