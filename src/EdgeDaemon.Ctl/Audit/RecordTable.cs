using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>Records for people, one a line. Columns have fixed widths, so that lines can be printed as they come, for hours.</summary>
internal static class RecordTable
{
    private const int KindWidth = 22;
    private const int TenantWidth = 12;
    private const int CallerWidth = 24;
    private const int ModelWidth = 20;
    private const int OutcomeWidth = 20;

    public static void WriteHead(TextWriter output) =>
        output.WriteLine(Line("SEQUENCE", "TIME (UTC)", "KIND", "TENANT", "CALLER", "MODEL", "OUTCOME", "DETAIL"));

    /// <param name="output">The table's.</param>
    /// <param name="sequence">The record's place in the log.</param>
    /// <param name="time">Microseconds of UTC since 1970.</param>
    /// <param name="record">The record's bytes, any kind.</param>
    /// <exception cref="Core.Audit.AuditFormatException">The bytes are no record.</exception>
    public static void Write(TextWriter output, ulong sequence, long time, ReadOnlySpan<byte> record)
    {
        string tenant = "-", caller = "-", model = "-", outcome = "-", action = "", detail = "";
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case RecordField.Tenant:
                    tenant = Text(in reader);
                    break;
                case RecordField.Caller:
                    caller = Text(in reader);
                    break;
                case RecordField.Model:
                    model = Text(in reader);
                    break;
                case RecordField.Refusal:
                    outcome = Text(in reader);
                    break;
                case RecordField.Outcome when outcome == "-":
                case RecordField.Cause when outcome == "-":
                case RecordField.Alert when outcome == "-":
                    outcome = Text(in reader);
                    break;
                case RecordField.Action:
                    action = Text(in reader) + ' ';
                    break;
                case RecordField.Detail:
                case RecordField.Subject:
                    detail = detail.Length == 0 ? Text(in reader) : $"{detail} {Text(in reader)}";
                    break;
                case RecordField.TotalMicroseconds:
                    detail = string.Create(CultureInfo.InvariantCulture, $"{detail}{(detail.Length == 0 ? "" : " ")}{reader.Number} us");
                    break;
                case RecordField.Note:
                    detail = FirstLines(reader.Bytes);
                    break;
            }
        }

        output.WriteLine(Line(sequence.ToString(CultureInfo.InvariantCulture), AuditTime.Text(time), KindName(RecordReader.KindOf(record)), tenant, caller, model, outcome, action + detail));
    }

    /// <summary>The kind's name, or its number where this version does not know it.</summary>
    public static string KindName(RecordKind kind) => RecordKinds.Name(kind)?.Value ?? string.Create(CultureInfo.InvariantCulture, $"kind_{(int)kind}");

    /// <summary>A text field for a terminal: what callers chose can hold anything.</summary>
    public static string Text(ref readonly RecordReader reader) => reader.Form switch
    {
        FieldForm.Redacted => $"hmac:{Convert.ToHexStringLower(reader.Bytes[..Redaction.SaltIdBytes])}:{Convert.ToHexStringLower(reader.Bytes.Slice(Redaction.SaltIdBytes, 6))}",
        FieldForm.CutText => Printable.Of(Encoding.UTF8.GetString(reader.Bytes)) + '…',
        _ => Printable.Of(Encoding.UTF8.GetString(reader.Bytes)),
    };

    private static string Line(string sequence, string time, string kind, string tenant, string caller, string model, string outcome, string detail) => string.Join(
        "  ",
        sequence.PadLeft(10),
        time.PadRight(AuditTime.TextLength),
        kind.PadRight(KindWidth),
        tenant.PadRight(TenantWidth),
        caller.PadRight(CallerWidth),
        model.PadRight(ModelWidth),
        outcome.PadRight(OutcomeWidth),
        detail).TrimEnd();

    // Of a note its second to fourth line say how far it reaches; the rest is in the JSON.
    private static string FirstLines(ReadOnlySpan<byte> note)
    {
        string[] lines = Encoding.UTF8.GetString(note).Split('\n');
        return Printable.Of(string.Join(' ', lines.Take(4)));
    }
}
