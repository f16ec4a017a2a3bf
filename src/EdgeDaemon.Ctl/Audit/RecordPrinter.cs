using System.Text.Json;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Records;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>Records on their way out: a table for people, or JSON Lines. One record that is none does not end the list: it is shown as what it is.</summary>
internal sealed class RecordPrinter : IDisposable
{
    private readonly TextWriter _output;
    private readonly LineSink? _lines;
    private readonly Utf8JsonWriter? _json;

    public RecordPrinter(TextWriter output, bool json)
    {
        _output = output;
        if (json)
        {
            _lines = new LineSink(output);
            _json = new Utf8JsonWriter(_lines.Line);
        }
    }

    /// <summary>JSON into a file.</summary>
    public RecordPrinter(LineSink lines)
    {
        _output = TextWriter.Null;
        _lines = lines;
        _json = new Utf8JsonWriter(lines.Line);
    }

    /// <summary>The table's head; nothing before JSON.</summary>
    public void Begin()
    {
        if (_lines is null)
        {
            RecordTable.WriteHead(_output);
        }
    }

    /// <param name="sequence">The record's place in the log.</param>
    /// <param name="time">Microseconds of UTC since 1970.</param>
    /// <param name="record">Its bytes.</param>
    /// <exception cref="IOException">Nobody takes the lines any more.</exception>
    public void Write(ulong sequence, long time, ReadOnlySpan<byte> record)
    {
        if (_lines is null)
        {
            WriteRow(sequence, time, record);
            return;
        }

        // Judged first: half an object cannot be taken back.
        string? fault = Fault(record);
        if (fault is null)
        {
            RecordJson.Write(_json!, sequence, time, record);
        }
        else
        {
            WriteBroken(sequence, time, record, fault);
        }

        _json!.Flush();
        _json.Reset();
        _lines.EndLine();
    }

    /// <summary>Hands on what is gathered.</summary>
    public void Flush()
    {
        _lines?.Write();
        _output.Flush();
    }

    /// <summary>The same, and where the output is a file it is on the disk afterwards.</summary>
    public void FlushDurably()
    {
        _lines?.WriteDurably();
        _output.Flush();
    }

    public void Dispose() => _json?.Dispose();

    private void WriteRow(ulong sequence, long time, ReadOnlySpan<byte> record)
    {
        string? fault = Fault(record);
        if (fault is null)
        {
            RecordTable.Write(_output, sequence, time, record);
        }
        else
        {
            _output.WriteLine($"{sequence,10}  {AuditTime.Text(time)}  NO RECORD: {fault}");
        }
    }

    private void WriteBroken(ulong sequence, long time, ReadOnlySpan<byte> record, string fault)
    {
        _json!.WriteStartObject();
        _json.WriteNumber("sequence", sequence);
        _json.WriteString("time", AuditTime.Text(time));
        _json.WriteNull("kind");
        _json.WriteString("fault", fault);
        _json.WriteString("record", Convert.ToHexStringLower(record));
        _json.WriteEndObject();
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
