using System.CommandLine;
using System.CommandLine.Parsing;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Ctl.Audit;

namespace EdgeDaemon.Ctl.Commands;

/// <summary>Which records are wanted, as <c>query</c> and <c>tail</c> ask it.</summary>
internal sealed class AuditFilterOptions
{
    private readonly Option<DateTimeOffset?> _since = InstantOption.Create("--since", "Records from this time on: ISO 8601, UTC unless it says otherwise (2026-03-01T14:30:00+01:00).");
    private readonly Option<DateTimeOffset?> _until = InstantOption.Create("--until", "Records before this time.");
    private readonly Option<string[]> _kinds = Several("--kind", "Records of this kind: request, refusal, model_change, ...", "kind");
    private readonly Option<string[]> _tenants = Several("--tenant", "Records of this tenant.", "name");
    private readonly Option<string[]> _outcomes = Several("--outcome", "Records with this outcome (ok, invalid, not_permitted, failed, ...) or with this refusal.", "name");
    private readonly Option<string[]> _models = Several("--model", "Records of this model.", "name");
    private readonly Option<string[]> _callers = Several("--caller", "Records of this caller, as the daemon names it (unix:1000); of redacted ones with --salt.", "caller");
    private readonly Option<string[]> _requests = Several("--request", "The records of this request id.", "id");
    private readonly Option<string?> _salt = AuditSaltFile.Option("Reads redacted callers: with it the same text is found.");

    /// <summary>How the options go together; stands in the details of each command that has them.</summary>
    public const string Law =
        """
        An option that is given again asks for any of its values, different options ask
        for all of them; a value that ends in * asks for what begins so.
        """;

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_since, _until, _kinds, _tenants, _outcomes, _models, _callers, _requests, _salt])
        {
            command.Add(option);
        }

        command.Validators.Add(Check);
    }

    /// <exception cref="CtlException">The salt's file is none, or the times are the wrong way round.</exception>
    public RecordFilter Read(ParseResult parsed)
    {
        if (parsed.GetValue(_since) is { } since && parsed.GetValue(_until) is { } until && until <= since)
        {
            throw new CtlException(ExitCode.Usage, "--until is not after --since: no record can match");
        }

        return Filter(parsed);
    }

    private RecordFilter Filter(ParseResult parsed) => new()
    {
        From = parsed.GetValue(_since) is { } since ? AuditTime.Of(since) : 0,
        To = parsed.GetValue(_until) is { } until ? AuditTime.Of(until) : long.MaxValue,
        Kinds = [.. Values(parsed, _kinds).Select(name => RecordKinds.Find(name)!.Value)],
        Tenants = Patterns(parsed, _tenants),
        Outcomes = Patterns(parsed, _outcomes),
        Models = Patterns(parsed, _models),
        Callers = Patterns(parsed, _callers),
        Requests = Patterns(parsed, _requests),
        Salt = parsed.GetValue(_salt) is { } file ? AuditSaltFile.Read(file) : null,
    };

    /// <summary>A filter that could not see everything says so: nothing found is not nothing there.</summary>
    public static void WarnOfHidden(ParseResult parsed, RecordFilter filter)
    {
        if (filter.Unreadable > 0)
        {
            FailureReport.Warn(
                $"{filter.Unreadable} record(s) have what you ask for redacted with a salt that is not at hand: give its file with --salt",
                parsed.InvocationConfiguration.Error);
        }
    }

    private void Check(CommandResult result)
    {
        foreach (string kind in result.GetValue(_kinds) ?? [])
        {
            if (RecordKinds.Find(kind) is null)
            {
                result.AddError($"--kind '{kind}' is none of {string.Join(", ", Names())}.");
            }
        }
    }

    private static IEnumerable<string> Names()
    {
        for (int kind = 1; kind < RecordKinds.Count; kind++)
        {
            yield return RecordTable.KindName((RecordKind)kind);
        }
    }

    private static Option<string[]> Several(string name, string description, string helpName) => new(name) { Description = description, HelpName = helpName };

    private static string[] Values(ParseResult parsed, Option<string[]> option) => parsed.GetValue(option) ?? [];

    private static List<TextPattern> Patterns(ParseResult parsed, Option<string[]> option)
    {
        var patterns = new List<TextPattern>();
        foreach (string text in Values(parsed, option))
        {
            patterns.Add(new TextPattern(text));
        }

        return patterns;
    }
}
