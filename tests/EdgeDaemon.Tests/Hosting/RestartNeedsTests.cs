using System.Text;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Hosting;
using EdgeDaemon.Tests.Configuration;

namespace EdgeDaemon.Tests.Hosting;

[TestClass]
public sealed class RestartNeedsTests
{
    private const string Before = """
        format = 1
        state_dir = "/s"

        [[listen]]
        name = "a"
        unix = "/a"
        mode = "0660"
        exposes = ["inference"]

        [[listen]]
        name = "t"
        tcp = "127.0.0.1:8443"
        certificate = "/c"
        key = "/k"
        client_roots = "/r"
        exposes = ["inference"]

        [limits]
        max_body_bytes = 2048

        """;

    [TestMethod]
    [DataRow("state_dir = \"/s\"", "state_dir = \"/other\"", "state_dir")]
    [DataRow("unix = \"/a\"", "unix = \"/b\"", "[[listen]] 'a' unix")]
    [DataRow("mode = \"0660\"", "mode = \"0600\"", "[[listen]] 'a' mode")]
    [DataRow("127.0.0.1:8443", "127.0.0.1:8444", "[[listen]] 't' tcp")]
    [DataRow("name = \"a\"", "name = \"z\"", "[[listen]] 'a' is gone; [[listen]] 'z' is new")]
    [DataRow("max_body_bytes = 2048", "max_body_bytes = 4096", "[limits] max_body_bytes")]
    [DataRow("[limits]", "[engine]\nlanes = 3\n[runtime]\nlibrary = \"/x\"\n[limits]", "[runtime] library; [engine] lanes")]
    public void What_is_laid_out_at_the_start_is_named(string before, string after, string expected) =>
        Assert.AreEqual(expected, Between(Before, Before.Replace(before, after, StringComparison.Ordinal)));

    [TestMethod]
    [DataRow("[limits]", "[log]\nlevel = \"debug\"\n[limits]")]
    [DataRow("[limits]", "[penalty]\nafter = 3\n[limits]")]
    [DataRow("[limits]", "[[tenant]]\nname = \"x\"\ncallers = [\"self\"]\nroles = [\"observe\"]\n[limits]")]
    [DataRow("[limits]", "[bundles]\nmax_files = 3\n[probe]\nrun = \"never\"\n[device]\nid = \"x\"\n[limits]")]
    [DataRow("state_dir = \"/s\"", "state_dir = \"/s\"\ntrust = \"/elsewhere\"")]
    [DataRow("\"/r\"", "\"/roots\"")]
    [DataRow("", "")]
    public void What_can_change_is_not(string before, string after) =>
        Assert.AreEqual("", Between(Before, before.Length == 0 ? Before : Before.Replace(before, after, StringComparison.Ordinal)));

    /// <summary>Each key of the tables that need a restart as a whole: a new one cannot be forgotten.</summary>
    [TestMethod]
    public void Every_limit_and_engine_key_is_compared()
    {
        foreach (string table in new[] { "limits", "engine" })
        {
            foreach (string key in SchemaKeys.Of($"[{table}]"))
            {
                // In every range; the small body lets max_tensor_bytes be small.
                long value = key.EndsWith("_bytes", StringComparison.Ordinal) ? 3 << 20 : 9;
                string plain = $"format = 1\n[{table}]\n{(table == "limits" && key != "max_body_bytes" ? "max_body_bytes = 2048\n" : "")}";
                Assert.AreEqual($"[{table}] {key}", Between(plain, $"{plain}{key} = {value}\n"));
            }
        }
    }

    private static string Between(string now, string next) => string.Join("; ", RestartNeeds.Between(Parse(now), Parse(next)));

    private static EdgedSettings Parse(string text) => EdgedSettings.Parse(Encoding.UTF8.GetBytes(text), "edged.toml");
}
