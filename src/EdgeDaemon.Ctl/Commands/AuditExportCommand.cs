using System.CommandLine;
using EdgeDaemon.Ctl.Audit;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl audit export</c>: every record to one consumer, at least once.</summary>
internal static class AuditExportCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public static Command Create()
    {
        Option<string> spool = AuditSpoolOption.Create();
        var cursorFile = new Option<string?>("--cursor") { Description = "The consumer's place: read at the start (none yet: from the oldest record), written after the lines are out.", HelpName = "file" };
        var outFile = new Option<string?>("--out") { Description = "Add the lines to this file instead of printing them; they are on the disk before the cursor is.", HelpName = "file" };
        Option<long> most = NumberOption.Create("--most", "Stop after so many records; 0 is no limit.", "n", 0L, long.MaxValue, 0L);
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what comes, until Ctrl-C." };
        var skip = new Option<bool>("--skip-missing") { Description = "Go on behind records that were removed before they were exported, or that cannot be read; each gap is warned of." };
        var command = new CtlCommand(
            "export",
            "Send every record as JSON Lines to a consumer that keeps its place.",
            "edgectl audit export --cursor /var/lib/collector/audit.cursor --out /var/lib/collector/audit.jsonl",
            "edgectl audit export --cursor cursor --follow | my-collector",
            "edgectl audit export --most 10 | jq .kind")
        {
            spool, cursorFile, outFile, most, follow, skip,
        };
        command.Details =
            """
            Each record goes out at least once: the cursor is written, durably, only after
            the lines before it went out, and after a crash the last lines come again with
            the same sequences. It is at most as good as who takes them: what a program
            behind a pipe has taken counts as out. With --out a line that a crash left half
            is cut off first, and lines are on the disk before the cursor is.

            The cursor remembers the last record and checkpoints by their hashes. If the log
            is not the same there any more, the export goes on from the newest place that
            both agree on and warns, or ends when there is none. The exported checkpoints are
            copies kept elsewhere: 'edgectl audit verify --since' takes such a line.
            """;
        command.ExitNote = "Here 1 also means that records are gone, damaged or not the ones exported before.";
        command.SetAction(async (parsed, cancellation) =>
        {
            TextWriter error = parsed.InvocationConfiguration.Error;
            void Warn(string text) => FailureReport.Warn(text, error);
            CursorFile? cursor = parsed.GetValue(cursorFile) is { } path ? new CursorFile(path) : null;
            using SpoolReader reader = AuditSpoolOption.Open(parsed, spool, goOn: parsed.GetValue(skip));
            using LineFile? file = parsed.GetValue(outFile) is { } name ? LineFile.Open(name) : null;
            using RecordPrinter printer = file is null ? new RecordPrinter(parsed.InvocationConfiguration.Output, json: true) : new RecordPrinter(new LineSink(file));
            var export = new RecordExport(
                reader,
                printer,
                place => cursor?.Write(place),
                Warn);
            export.Begin(cursor?.Read(), parsed.GetValue(skip));
            long left = parsed.GetValue(most) is 0 ? long.MaxValue : parsed.GetValue(most);
            left -= export.Send(left);
            while (parsed.GetValue(follow) && left > 0 && !cancellation.IsCancellationRequested)
            {
                await Task.Delay(Pause, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                left -= export.Send(left);
            }

            return (int)ExitCode.Ok;
        });
        return command;
    }
}
