using System.Buffers.Text;
using System.Text;
using EdgeDaemon.Core.Audit.Tree;

namespace EdgeDaemon.Core.Audit.Notes;

/// <summary>Takes a note's text apart line by line; each line has one form only.</summary>
internal ref struct NoteLines(ReadOnlySpan<byte> text)
{
    private ReadOnlySpan<byte> _rest = text;

    public readonly bool AtEnd => _rest.IsEmpty;

    /// <exception cref="AuditFormatException">There is no further line, or it is empty.</exception>
    public ReadOnlySpan<byte> Line(string what)
    {
        int end = _rest.IndexOf((byte)'\n');
        if (end <= 0)
        {
            throw new AuditFormatException($"the line with {what} is missing");
        }

        ReadOnlySpan<byte> line = _rest[..end];
        _rest = _rest[(end + 1)..];
        return line;
    }

    /// <summary>A line <c>name value</c>.</summary>
    public ReadOnlySpan<byte> Named(string name)
    {
        ReadOnlySpan<byte> line = Line(name);
        return line.Length > name.Length && line[name.Length] == ' ' && Encoding.ASCII.GetString(line[..name.Length]) == name
            ? line[(name.Length + 1)..]
            : throw new AuditFormatException($"the line with {name} is missing");
    }

    public readonly bool NextIs(ReadOnlySpan<byte> start) => _rest.StartsWith(start);

    /// <summary>Decimal, without leading zeros, below 2^64.</summary>
    public static ulong Number(ReadOnlySpan<byte> text, string what) =>
        Utf8Parser.TryParse(text, out ulong value, out int read) && read == text.Length && text[0] is >= (byte)'0' and <= (byte)'9' && (text[0] != '0' || text.Length == 1)
            ? value
            : throw new AuditFormatException($"the {what} is not a decimal number without leading zeros");

    /// <summary>Microseconds, 0 to the end of the year 9999.</summary>
    public static long Time(ReadOnlySpan<byte> text, string what) =>
        Number(text, what) is var value && value <= Records.AuditTime.Last ? (long)value : throw new AuditFormatException($"the {what} is no time");

    public static byte[] Hash(ReadOnlySpan<byte> text, string what) =>
        NoteBase64.Decode(text, "the " + what) is { Length: TreeHash.Length } hash ? hash : throw new AuditFormatException($"the {what} has not {TreeHash.Length} bytes");
}
