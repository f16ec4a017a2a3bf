using System.CommandLine;
using EdgeDaemon.Ctl.Audit;
using EdgeDaemon.Ctl.Help;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl audit query</c>: the records that match.</summary>
internal static class AuditQueryCommand
{
    public static Command Create()
    {
        Option<string> spool = AuditSpoolOption.Create();
        var filters = new AuditFilterOptions();
        var json = new Option<bool>("--json") { Description = "Print one JSON object a line, with every field." };
        var command = new CtlCommand(
            "query",
            "List the records of a time, kind, tenant, outcome, model or caller.",
            "edgectl audit query --since 2026-03-01 --until 2026-03-02 --outcome not_permitted",
            "edgectl audit query --tenant cameras --model 'digits*' --json",
            "edgectl audit query --request 0HN7Q2M3 --json")
        {
            spool,
        };
        filters.AddTo(command);
        command.Add(json);
        command.Details = AuditFilterOptions.Law + "\n" +
            """

            Nothing is judged: a record that is shown may have been changed by whoever can
            write the spool. 'edgectl audit verify' judges.
            """;
        command.SetAction(parsed => ClosedPipe.Bear(() =>
        {
            RecordFilter filter = filters.Read(parsed);
            using SpoolReader reader = AuditSpoolOption.Open(parsed, spool);
            using var printer = new RecordPrinter(parsed.InvocationConfiguration.Output, parsed.GetValue(json));
            printer.Begin();
            while (reader.Read())
            {
                if (filter.Matches(reader.Time, reader.Record))
                {
                    printer.Write((ulong)reader.Sequence, reader.Time, reader.Record);
                }
            }

            printer.Flush();
            AuditSpoolOption.WarnOfEnd(parsed, reader);
            AuditFilterOptions.WarnOfHidden(parsed, filter);
            return (int)ExitCode.Ok;
        }));
        return command;
    }
}
