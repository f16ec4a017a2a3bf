using EdgeDaemon.Core.Audit.Records;

namespace EdgeDaemon.Audit;

/// <summary>A record that the log makes about itself, on its way to the writer. Few: they may allocate.</summary>
internal sealed class OwnRecord
{
    private readonly TaskCompletionSource<bool> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private OwnRecord(ReadOnlySpan<byte> bytes) => Bytes = bytes.ToArray();

    private delegate void Fill(ref RecordWriter writer);

    public byte[] Bytes { get; }

    /// <summary>Ends once it is on the disk (true), or never will be.</summary>
    public Task<bool> Done => _done.Task;

    public void Finish(bool durable) => _done.TrySetResult(durable);

    public static OwnRecord Heartbeat(TimeSpan up) => Write(RecordKind.Heartbeat, (ref RecordWriter writer) => writer.Number(RecordField.UptimeSeconds, (long)up.TotalSeconds));

    public static OwnRecord Recovery(string cause, ulong segment, long offset, long cut, ulong size) => Write(RecordKind.Recovery, (ref RecordWriter writer) =>
    {
        writer.Text(RecordField.Cause, cause);
        writer.Number(RecordField.Segment, segment);
        writer.Number(RecordField.Offset, offset);
        writer.Number(RecordField.Bytes, cut);
        writer.Number(RecordField.Size, size);
    });

    /// <param name="cause">A word of <see cref="Word"/>.</param>
    public static OwnRecord Dropped(AuditCause cause, long count) => Write(RecordKind.Dropped, (ref RecordWriter writer) =>
    {
        writer.Text(RecordField.Cause, Word(cause));
        writer.Number(RecordField.Count, count);
    });

    public static OwnRecord Space(string cause, string detail, long freeBytes) => Write(RecordKind.SpoolFull, (ref RecordWriter writer) =>
    {
        writer.Text(RecordField.Cause, cause);
        writer.Text(RecordField.Detail, detail);
        writer.Number(RecordField.Bytes, freeBytes);
    });

    public static OwnRecord Failure(string cause, string detail, ulong segment, long offset, int errno) => Write(RecordKind.SpoolFailure, (ref RecordWriter writer) =>
    {
        writer.Text(RecordField.Cause, cause);
        writer.Text(RecordField.Detail, detail);
        writer.Number(RecordField.Segment, segment);
        writer.Number(RecordField.Offset, offset);
        writer.Number(RecordField.Error, (long)errno);
    });

    public static OwnRecord ClockChange(long expected, long found) => Write(RecordKind.ClockChange, (ref RecordWriter writer) =>
    {
        writer.Text(RecordField.Cause, found < expected ? "clock_set_back" : "clock_set_forward");
        writer.Number(RecordField.OldTime, expected);
        writer.Number(RecordField.NewTime, found);
    });

    /// <summary>Before the segment goes: a crash in between leaves a record of something that is still there, never the other way round.</summary>
    public static OwnRecord Retention(string cause, SealedSegment segment) => Write(RecordKind.Retention, (ref RecordWriter writer) =>
    {
        writer.Text(RecordField.Cause, cause);
        writer.Number(RecordField.Segment, segment.Number);
        writer.Number(RecordField.FirstSequence, segment.First);
        writer.Number(RecordField.LastSequence, segment.End - 1);
        writer.Number(RecordField.Bytes, segment.Bytes);
        writer.Number(RecordField.Count, 1L);
    });

    public static string Word(AuditCause cause) => cause switch
    {
        AuditCause.Behind => "behind",
        AuditCause.LowSpace => "low_space",
        AuditCause.Full => "full",
        AuditCause.Failed => "failed",
        AuditCause.Stalled => "stalled",
        AuditCause.TooLarge => "too_large",
        AuditCause.Stopped => "stopped",
        AuditCause.Late => "late",
        _ => "none",
    };

    private static OwnRecord Write(RecordKind kind, Fill fill)
    {
        Span<byte> bytes = stackalloc byte[1024];
        var writer = new RecordWriter(bytes, kind);
        fill(ref writer);
        return new OwnRecord(bytes[..writer.Finish()]);
    }
}
