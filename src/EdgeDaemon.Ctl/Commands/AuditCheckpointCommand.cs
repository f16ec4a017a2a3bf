using System.CommandLine;
using System.Text;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Ctl.Audit;
using EdgeDaemon.Ctl.Help;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl audit checkpoint</c>: the newest signed checkpoint, to be kept where the device cannot reach it.</summary>
internal static class AuditCheckpointCommand
{
    public static Command Create()
    {
        Option<string> spool = AuditSpoolOption.Create();
        var command = new CtlCommand(
            "checkpoint",
            "Print the newest signed checkpoint, to be kept elsewhere.",
            "edgectl audit checkpoint > /mnt/safe/checkpoint-$(date -u +%Y%m%dT%H%M%SZ)")
        {
            spool,
        };
        command.Details =
            """
            Kept where nobody who takes over the device can change it, it is what shows
            later that the log was cut or written anew: 'edgectl audit verify --since'.
            Nothing is verified here.
            """;
        command.SetAction(parsed =>
        {
            using SpoolReader reader = AuditSpoolOption.Open(parsed, spool);
            for (int segment = reader.SegmentCount - 1; segment >= 0; segment--)
            {
                reader.SeekSegment(segment);
                if (Newest(reader) is { } note)
                {
                    parsed.InvocationConfiguration.Output.Write(note);
                    return (int)ExitCode.Ok;
                }
            }

            throw new CtlException("no checkpoint is there yet: the daemon writes one at its start and every 'checkpoint_seconds'");
        });
        return command;
    }

    private static string? Newest(SpoolReader reader)
    {
        byte[]? note = null;
        while (reader.Read())
        {
            if (RecordReader.KindOf(reader.Record) == RecordKind.Checkpoint)
            {
                var record = new RecordReader(reader.Record);
                note = record.Find(RecordField.Note) ? record.Bytes.ToArray() : note;
            }
        }

        return note is null ? null : Encoding.UTF8.GetString(note);
    }
}
