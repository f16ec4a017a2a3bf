using System.Text.RegularExpressions;

namespace EdgeDaemon.EndToEnd;

/// <summary>packaging/man/edged.8 against what the published edged says of itself: its commands and options, with their words, and no other.</summary>
[TestClass]
public sealed partial class ManualTests
{
    private static readonly string Page = Plain(File.ReadAllText(Path.Combine(Installation.Root, "packaging", "man", "edged.8")));

    [TestMethod]
    public void Page_HasTheCommandsOfEdged_AndNoOther()
    {
        string[] commands = [.. Described("--help", "Commands:").Select(line => line.Name)];
        CollectionAssert.AreEquivalent(commands, Regex.Matches(Page, @"^\.SS edged (\S+)$", RegexOptions.Multiline).Select(match => match.Groups[1].Value).ToArray());
        foreach ((string name, string text) in Described("--help", "Commands:"))
        {
            StringAssert.Contains(Page, $"\n.SS edged {name}\n{text}\n", StringComparison.Ordinal);
        }
    }

    [TestMethod]
    public void Page_HasTheOptionsOfEdged_AndNoOther()
    {
        string options = Page[Page.IndexOf("\n.SH OPTIONS\n", StringComparison.Ordinal)..Page.IndexOf("\n.SH EXIT STATUS\n", StringComparison.Ordinal)];
        string[] known = [.. Names(Command.Edged("--help").Succeeded().Output),
            .. Described("--help", "Commands:").SelectMany(command => Names(Command.Edged(command.Name, "--help").Succeeded().Output))];
        CollectionAssert.AreEquivalent(known.Distinct().ToArray(), Names(options).Distinct().ToArray());
    }

    [TestMethod]
    public void Page_HasTheExitCodesOfEdged()
    {
        string help = Command.Edged("--help").Succeeded().Output;
        Match codes = Regex.Match(help, @"Exit codes: 0 (.+), 1 (.+), 2 (.+)\.");
        Assert.IsTrue(codes.Success, help);
        for (int code = 0; code <= 2; code++)
        {
            StringAssert.Contains(Page, $"\n.TP\n.B {code}\n{codes.Groups[code + 1].Value}\n", StringComparison.Ordinal);
        }
    }

    private static IEnumerable<(string Name, string Text)> Described(string option, string title)
    {
        string help = Command.Edged(option).Succeeded().Output;
        foreach (Match line in Entry().Matches(help[help.IndexOf($"\n{title}\n", StringComparison.Ordinal)..]))
        {
            yield return (line.Groups[1].Value, line.Groups[2].Value);
        }
    }

    private static IEnumerable<string> Names(string text) => Option().Matches(text).Select(match => match.Value);

    private static string Plain(string roff) => Font().Replace(roff, "").Replace("\\-", "-", StringComparison.Ordinal);

    [GeneratedRegex(@"^  (\S+)(?: <\S+>)*  +(.+)$", RegexOptions.Multiline)]
    private static partial Regex Entry();

    // In the page and in the help alike an option stands at the start of a line, behind another one, or behind a macro.
    [GeneratedRegex(@"(?<=^ *|^\.B |, )(-\?|--?[a-z-]+)(?=[ ,\n])", RegexOptions.Multiline)]
    private static partial Regex Option();

    [GeneratedRegex(@"\\f[BIRP]")]
    private static partial Regex Font();
}
