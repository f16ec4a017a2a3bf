namespace EdgeDaemon.Tests.Ctl;

[TestClass]
public sealed class EdgeCtlTests
{
    public static IEnumerable<object[]> Commands =>
    [
        ["keygen"], ["bundle"], ["bundle init"], ["bundle sign"], ["bundle verify"], ["bundle inspect"],
        ["bundle create"], ["pki"], ["pki init"], ["pki issue"], ["pki revoke"], ["pki crl"], ["pki list"],
        ["infer"], ["model"], ["model list"], ["model status"], ["status"],
    ];

    [TestMethod]
    [DynamicData(nameof(Commands))]
    public void Every_commands_help_has_examples_and_exit_codes(string command)
    {
        ToolRun run = ToolRun.Of([.. command.Split(' '), "--help"]).Succeeded();
        StringAssert.Contains(run.Output, "\nExamples:\n  ");
        StringAssert.Contains(run.Output, "edgectl " + command);
        StringAssert.Contains(run.Output, "\nExit codes:\n  0  done\n  1  ");
    }

    [TestMethod]
    [DataRow("", "Required command", "'edgectl --help'")]
    [DataRow("bundle", "Required command", "'edgectl bundle --help'")]
    [DataRow("nonsense", "nonsense", "'edgectl --help'")]
    [DataRow("keygen", "--out", "'edgectl keygen --help'")]
    [DataRow("keygen --out x --curve p224", "p224", "'edgectl keygen --help'")]
    [DataRow("keygen --out x --trust t", "--trust, --name and --models", "'edgectl keygen --help'")]
    [DataRow("infer m", "--image or --json-file", "'edgectl infer --help'")]
    [DataRow("infer m --image a --json-file b", "--image or --json-file", "'edgectl infer --help'")]
    [DataRow("infer m --image a --top 0", "--top", "'edgectl infer --help'")]
    [DataRow("infer m --image a --index x", "x", "'edgectl infer --help'")]
    [DataRow("infer m --json-file a --grpc", "--grpc goes with --image", "'edgectl infer --help'")]
    [DataRow("infer m --image a --address https://camera", "--tls-ca", "'edgectl infer --help'")]
    [DataRow("infer m --image a --tls-ca ca.pem", "https://HOST:PORT", "'edgectl infer --help'")]
    [DataRow("status --address https://camera --tls-ca a --tls-cert b", "--tls-cert and --tls-key", "'edgectl status --help'")]
    [DataRow("model status", "<name>", "'edgectl model status --help'")]
    public void A_command_line_that_makes_no_sense_is_code_2_and_one_line(string line, string what, string where) =>
        ToolRun.Of(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Failed(2, what, where);

    [TestMethod]
    [DataRow("model list")]
    [DataRow("model status m")]
    [DataRow("status")]
    public void A_daemon_that_is_not_there_is_code_3(string line) =>
        ToolRun.Of([.. line.Split(' '), "--socket", "/nonexistent/control.sock"]).Failed(3, "/nonexistent/control.sock", "is edged running");

    [TestMethod]
    [DataRow("keygen --out k --curve P-999", "'P-999'", "p256', 'p384', 'p521'.")]
    [DataRow("trust add t --key k --name n --role admin", "'admin'", "release', 'trust'.")]
    [DataRow("pki revoke ca a.pem --reason nonsense", "'nonsense'", "', 'key-compromise', '")]
    [DataRow("oms verify --method nothing --model-path d --bundle s", "'nothing'", "key', 'certificate'.")]
    public void The_choices_of_an_option_stand_on_one_line(string line, string given, string choices)
    {
        ToolRun run = ToolRun.Of(line.Split(' ')).Failed(2, given, "Must be one of: '", choices);
        Assert.IsFalse(run.Error.Contains('\\'), run.Error);
    }

    [TestMethod]
    public void Prints_its_version()
    {
        ToolRun run = ToolRun.Of("--version").Succeeded();
        StringAssert.Matches(run.Output, new System.Text.RegularExpressions.Regex(@"^\d+\.\d+\.\d+\n$"));
    }
}
