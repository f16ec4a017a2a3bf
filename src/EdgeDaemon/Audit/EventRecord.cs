using EdgeDaemon.Core.Audit.Records;

namespace EdgeDaemon.Audit;

/// <summary>A record of what happens beside requests, in memory of its own.</summary>
internal ref struct EventRecord
{
    /// <summary>UTF-8 bytes of a certificate that is written whole: its field's bound (Core/Audit/README.md). There is room for so much, whatever stands beside it.</summary>
    public const int LongestText = 60_000;

    private const int MostBytes = 4096;
    private const int MostRoom = ushort.MaxValue - 31;

    private readonly byte[] _room;
    private RecordWriter _writer;

    /// <param name="kind">What happened.</param>
    /// <param name="redaction">Applied to identifying texts; null: none is.</param>
    /// <param name="more">Bytes that a long text needs beside the others.</param>
    public EventRecord(RecordKind kind, Redaction? redaction, int more = 0)
    {
        _room = new byte[Math.Min(MostBytes + more, MostRoom)];
        _writer = new RecordWriter(_room, kind, redaction);
    }

    /// <summary>Nothing and an empty text are not written.</summary>
    public void Write(RecordField field, string? text) => _writer.Write(field, text.AsSpan());

    public void Write(RecordField field, scoped ReadOnlySpan<char> text) => _writer.Write(field, text);

    public void Text(RecordField field, scoped ReadOnlySpan<byte> utf8) => _writer.Text(field, utf8);

    public void Bytes(RecordField field, scoped ReadOnlySpan<byte> value) => _writer.Bytes(field, value);

    public void Number(RecordField field, long value) => _writer.Number(field, value);

    public ReadOnlySpan<byte> Finish() => _room.AsSpan(0, _writer.Finish());
}
