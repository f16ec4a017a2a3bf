using System.CommandLine;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Ctl.Audit;
using EdgeDaemon.Ctl.Help;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl audit stats</c>: how much is in a log, and of what.</summary>
internal static class AuditStatsCommand
{
    public static Command Create()
    {
        Option<string> spool = AuditSpoolOption.Create();
        var filters = new AuditFilterOptions();
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new CtlCommand(
            "stats",
            "Count records by kind, outcome, refusal, tenant and model; bytes, rate, epochs, segments and the newest checkpoint.",
            "edgectl audit stats",
            "edgectl audit stats --since 2026-03-01 --tenant cameras --json")
        {
            spool,
        };
        filters.AddTo(command);
        command.Add(json);
        command.Details = AuditFilterOptions.Law;
        command.SetAction(parsed =>
        {
            RecordFilter filter = filters.Read(parsed);
            using SpoolReader reader = AuditSpoolOption.Open(parsed, spool);
            var statistics = new RecordStatistics();
            while (reader.Read())
            {
                try
                {
                    if (filter.Matches(reader.Time, reader.Record))
                    {
                        statistics.Add(reader.Present);
                    }
                }
                catch (AuditFormatException broken)
                {
                    FailureReport.Warn($"record {reader.Sequence} is none: {broken.Message}", parsed.InvocationConfiguration.Error);
                }
            }

            var folder = new SpoolFolder(parsed.GetRequiredValue(spool));
            IReadOnlyList<string> segments = folder.Segments();
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
            {
                output.WriteLine(StatisticsText.Json(statistics, segments.Count, Bytes(segments)));
            }
            else
            {
                StatisticsText.Write(statistics, segments.Count, Bytes(segments), output);
            }

            AuditSpoolOption.WarnOfEnd(parsed, reader);
            AuditFilterOptions.WarnOfHidden(parsed, filter);
            return (int)ExitCode.Ok;
        });
        return command;
    }

    private static long Bytes(IReadOnlyList<string> files)
    {
        long bytes = 0;
        foreach (string file in files)
        {
            var info = new FileInfo(file);
            bytes += info.Exists ? info.Length : 0;
        }

        return bytes;
    }
}
