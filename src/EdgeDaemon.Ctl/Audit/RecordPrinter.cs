using System.Globalization;
using System.Text;
using System.Text.Json;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Records;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>Records on their way out: a table for people, or JSON Lines. One record that is none does not end the list: it is shown as what it is.</summary>
internal sealed class RecordPrinter : IDisposable
{
    private readonly LineSink _lines;
    private readonly Utf8JsonWriter? _json;
    private readonly StringWriter _row = new();

    public RecordPrinter(TextWriter output, bool json)
        : this(new LineSink(output), json)
    {
    }

    public RecordPrinter(LineSink lines, bool json = true)
    {
        _lines = lines;
        _json = json ? new Utf8JsonWriter(lines.Line) : null;
    }

    /// <summary>The table's head; nothing before JSON.</summary>
    public void Begin()
    {
        if (_json is null)
        {
            RecordTable.WriteHead(_row);
            EndRow();
        }
    }

    /// <param name="sequence">The record's place in the log.</param>
    /// <param name="time">Microseconds of UTC since 1970.</param>
    /// <param name="record">Its bytes.</param>
    /// <exception cref="IOException">Nobody takes the lines any more.</exception>
    public void Write(ulong sequence, long time, ReadOnlySpan<byte> record)
    {
        // Judged first: half an object cannot be taken back.
        string? fault = Fault(record);
        if (_json is null)
        {
            WriteRow(sequence, time, record, fault);
            return;
        }

        if (fault is null)
        {
            RecordJson.Write(_json, sequence, time, record);
        }
        else
        {
            WriteBroken(_json, sequence, time, record, fault);
        }

        _json.Flush();
        _json.Reset();
        _lines.EndLine();
    }

    /// <summary>Hands on what is gathered.</summary>
    /// <exception cref="IOException">Nobody takes the lines any more.</exception>
    public void Flush() => _lines.Write();

    /// <summary>The same, and where the output is a file it is on the disk afterwards.</summary>
    /// <exception cref="IOException">Nobody takes the lines any more, or the disk does not keep them.</exception>
    public void FlushDurably() => _lines.WriteDurably();

    public void Dispose()
    {
        _json?.Dispose();
        _row.Dispose();
    }

    private void WriteRow(ulong sequence, long time, ReadOnlySpan<byte> record, string? fault)
    {
        if (fault is null)
        {
            RecordTable.Write(_row, sequence, time, record);
        }
        else
        {
            _row.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{sequence,10}  {AuditTime.Text(time)}  NO RECORD: {fault}"));
        }

        EndRow();
    }

    private void EndRow()
    {
        StringBuilder row = _row.GetStringBuilder();
        Encoding.UTF8.GetBytes(row.ToString().AsSpan().TrimEnd('\n'), _lines.Line);
        row.Clear();
        _lines.EndLine();
    }

    private static void WriteBroken(Utf8JsonWriter json, ulong sequence, long time, ReadOnlySpan<byte> record, string fault)
    {
        json.WriteStartObject();
        json.WriteNumber("sequence", sequence);
        json.WriteString("time", AuditTime.Text(time));
        json.WriteNull("kind");
        json.WriteString("fault", fault);
        json.WriteString("record", Convert.ToHexStringLower(record));
        json.WriteEndObject();
    }

    private static string? Fault(ReadOnlySpan<byte> record)
    {
        try
        {
            RecordReader.Check(record);
            return null;
        }
        catch (AuditFormatException broken)
        {
            return broken.Message;
        }
    }
}
