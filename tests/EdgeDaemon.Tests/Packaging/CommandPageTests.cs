using EdgeDaemon.Ctl.Commands;

namespace EdgeDaemon.Tests.Packaging;

/// <summary>packaging/man/edgectl.1 against the commands of edgectl: every one and every option, with the words of its --help, and no other.</summary>
[TestClass]
public sealed class CommandPageTests
{
    private const string Start = "\n.SH COMMANDS\n";
    private const string End = "\n.SH ";

    [TestMethod]
    public void Its_commands_are_those_of_the_tool()
    {
        string page = File.ReadAllText(Repository.File("packaging/man/edgectl.1"));
        int from = page.IndexOf(Start, StringComparison.Ordinal);
        Assert.IsGreaterThan(0, from);
        from += Start.Length;
        int to = page.IndexOf(End, from - 1, StringComparison.Ordinal) + 1;
        string right = CommandManual.Of(CommandTree.Build());
        if (page[from..to] != right)
        {
            // Whoever changed a command need not write roff.
            string file = Repository.File("artifacts/man/edgectl.1");
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, page[..from] + right + page[to..]);
            string[] stands = page[from..to].Split('\n');
            string first = right.Split('\n').Where((line, at) => at >= stands.Length || stands[at] != line).FirstOrDefault() ?? "(nothing more)";
            Assert.Fail($"packaging/man/edgectl.1 is not what edgectl says of itself, from '{first}' on; the page as it should be is in {file}: read it and copy it over");
        }
    }

    [TestMethod]
    public void It_states_every_exit_code_and_environment_variable()
    {
        string page = Roff.Plain(File.ReadAllText(Repository.File("packaging/man/edgectl.1")));
        foreach (string stated in (string[])["EDGED_SOCKET", "EDGED_CONTROL", "EDGED_AUDIT", "EDGECTL_DEBUG", "0 done", "1 refused or failed", "2 the command line makes no sense", "3 the daemon cannot be reached"])
        {
            Assert.IsTrue(page.Contains(stated, StringComparison.Ordinal), stated);
        }
    }
}
