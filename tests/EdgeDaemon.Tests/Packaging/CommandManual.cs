using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Help;
using System.Text;
using EdgeDaemon.Ctl.Commands;
using EdgeDaemon.Ctl.Help;

namespace EdgeDaemon.Tests.Packaging;

/// <summary>The part of edgectl.1 that follows from the commands themselves: what every --help says, in roff.</summary>
internal static class CommandManual
{
    public static string Of(RootCommand root)
    {
        var page = new StringBuilder();
        foreach (Command command in root.Subcommands)
        {
            Append(page, command);
        }

        return page.ToString();
    }

    private static void Append(StringBuilder page, Command command)
    {
        page.Append(".SS ").Append(Roff.Escape(CommandTree.PathOf(command)));
        foreach (Argument argument in command.Arguments)
        {
            page.Append(" \\fI").Append(Roff.Escape(argument.Name)).Append("\\fR");
        }

        page.Append('\n');
        Line(page, string.Join("", command.Aliases.Where(alias => alias != command.Name).Select(alias => $"(Also {alias}.) ")) + command.Description);
        foreach (Argument argument in command.Arguments)
        {
            page.Append(".TP\n\\fI").Append(Roff.Escape(argument.Name)).Append("\\fR\n");
            Line(page, argument.Description!);
        }

        foreach (Option option in command.Options.Where(option => option is not (HelpOption or VersionOption)))
        {
            Append(page, option);
        }

        if (command is CtlCommand { Subcommands.Count: 0 } leaf)
        {
            Paragraphs(page, leaf.Details);
            Paragraphs(page, leaf.ExitNote);
            page.Append(".PP\n.RS 4\n.nf\n");
            foreach (string example in leaf.Examples)
            {
                Line(page, example);
            }

            page.Append(".fi\n.RE\n");
        }

        foreach (Command child in command.Subcommands)
        {
            Append(page, child);
        }
    }

    private static void Append(StringBuilder page, Option option)
    {
        string names = string.Join(", ", option.Aliases.Append(option.Name).Distinct().OrderBy(name => name.Length).ThenBy(name => name, StringComparer.Ordinal)
            .Select(name => $"\\fB{Roff.Escape(name)}\\fR"));
        bool flag = option.ValueType == typeof(bool);
        string value = option.HelpName ?? string.Join('|', option.GetCompletions(CompletionContext.Empty).Select(item => item.Label));
        page.Append(".TP\n").Append(names).Append(flag ? "" : $" \\fI{Roff.Escape(value)}\\fR").Append(option.Required ? " (required)" : "").Append('\n');
        string text = option.Description!;
        if (!flag && option.HasDefaultValue && option.GetDefaultValue() is { } usual and not string[] { Length: 0 })
        {
            text += $" Default: {(usual is string[] several ? string.Join(' ', several) : FormattableString.Invariant($"{usual}"))}.";
        }

        Line(page, text);
    }

    private static void Paragraphs(StringBuilder page, string? text)
    {
        foreach (string paragraph in text?.Split("\n\n") ?? [])
        {
            page.Append(".PP\n");
            foreach (string line in paragraph.Split('\n'))
            {
                Line(page, line);
            }
        }
    }

    private static void Line(StringBuilder page, string text) => page.Append(Roff.Escape(text)).Append('\n');
}
