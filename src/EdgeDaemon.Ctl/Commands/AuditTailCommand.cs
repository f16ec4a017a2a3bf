using System.CommandLine;
using EdgeDaemon.Ctl.Audit;
using EdgeDaemon.Ctl.Help;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl audit tail</c>: the newest records, and those that come.</summary>
internal static class AuditTailCommand
{
    /// <summary>How often the log is looked at while nothing comes.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public static Command Create()
    {
        Option<string> spool = AuditSpoolOption.Create();
        Option<int> lines = NumberOption.Create("--lines", "How many records.", "n", 0, 100_000, 20);
        lines.Aliases.Add("-n");
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what comes, until Ctrl-C." };
        var filters = new AuditFilterOptions();
        var json = new Option<bool>("--json") { Description = "Print one JSON object a line, with every field." };
        var command = new CtlCommand(
            "tail",
            "Show the newest records.",
            "edgectl audit tail",
            "edgectl audit tail --follow --kind refusal",
            "edgectl audit tail -n 5 --kind model_change --kind trust_change --json")
        {
            spool, lines, follow,
        };
        filters.AddTo(command);
        command.Add(json);
        command.Details = AuditFilterOptions.Law + "\n" +
            """

            Beside a running daemon: what it writes is seen at once, also before it is on
            the disk. After a power cut the last records that were shown can be gone.
            """;
        command.SetAction((parsed, cancellation) => ClosedPipe.BearAsync(async () =>
        {
            RecordFilter filter = filters.Read(parsed);
            using var printer = new RecordPrinter(parsed.InvocationConfiguration.Output, parsed.GetValue(json));
            using SpoolReader reader = AuditSpoolOption.Open(parsed, spool);
            printer.Begin();
            ReadLast(reader, filter, parsed.GetValue(lines)).Print(printer);
            printer.Flush();
            if (!parsed.GetValue(follow))
            {
                AuditSpoolOption.WarnOfEnd(parsed, reader);
                AuditFilterOptions.WarnOfHidden(parsed, filter);
                return (int)ExitCode.Ok;
            }

            await FollowAsync(reader, filter, printer, cancellation);
            return (int)ExitCode.Ok;
        }));
        return command;
    }

    // From the newest segment back, twice as many each time: nearly always the last one or two are enough.
    private static LastRecords ReadLast(SpoolReader reader, RecordFilter filter, int most)
    {
        var last = new LastRecords(most);
        int all = reader.SegmentCount;
        for (int back = 1; ; back *= 2)
        {
            last.Clear();
            reader.SeekSegment(Math.Max(0, all - back));
            last.Read(reader, filter);
            if (last.Count >= most || back >= all)
            {
                return last;
            }
        }
    }

    private static async Task FollowAsync(SpoolReader reader, RecordFilter filter, RecordPrinter printer, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            while (reader.Read())
            {
                if (filter.Matches(reader.Time, reader.Record))
                {
                    printer.Write((ulong)reader.Sequence, reader.Time, reader.Record);
                }
            }

            printer.Flush();
            await Task.Delay(Pause, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
