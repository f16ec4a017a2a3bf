using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Tests.Bundles;

[TestClass]
public sealed class ProbeReportTests
{
    private static readonly ProbeReport Seen = new(
        new string('a', 64), new string('b', 64), "0.1.0+x", 1L << 32, 2, true, 0.0123456789, 12_345_678, 3, [new(1, 1e-9, 5), new(2, 4_000, long.MaxValue)], "batch 4: \"no\" C:\\ memory")
    {
        Cores = 4,
        Layouts = [new(4, 1, true, 812.5), new(1, 4, false, 700)],
    };

    [TestMethod]
    public void What_is_written_is_read()
    {
        ProbeReport read = ProbeReport.Parse(Seen.Write(), "r");
        CollectionAssert.AreEqual(Seen.Batches.ToArray(), read.Batches.ToArray());
        CollectionAssert.AreEqual(Seen.Layouts.ToArray(), read.Layouts.ToArray());
        Assert.AreEqual(Seen with { LoadSeconds = 0.012345679, Batches = [], Layouts = [] }, read with { Batches = [], Layouts = [] });
        Assert.IsNull(ProbeReport.Parse((Seen with { Unmeasured = null }).Write(), "r").Unmeasured);
    }

    [TestMethod]
    [DataRow("format = 1", "format = 2", "r:2:10: this program reads format 1")]
    [DataRow("self_tests = 3", "self_tests = -3", "must be between 0")]
    [DataRow("load_seconds = 0.0", "load_seconds = nan #", "'load_seconds' must be between 0")]
    [DataRow("peak_bytes = 5", "peak_byte = 5", "missing key 'peak_bytes' in [[batch]]")]
    [DataRow("\\\"no\\\"", "\\u000A", "must not hold control characters")]
    [DataRow("runs_per_second = 812.5", "runs_per_second = inf", "'layout.runs_per_second' must be between 0")]
    [DataRow("cores = 4", "cores = -4", "'cores' must be between 0")]
    [DataRow("threads = 1\n", "threads = 0\n", "'layout.threads' must be between 1")]
    [DataRow("release = \"aa", "release = \"A", "must be 64 lower-case hex digits")]
    public void A_hostile_report_is_none(string good, string bad, string message)
    {
        string text = Encoding.UTF8.GetString(Seen.Write());
        Assert.AreEqual(2, text.Split(good).Length, text);
        var invalid = Assert.ThrowsExactly<TomlInvalidException>(() => ProbeReport.Parse(Encoding.UTF8.GetBytes(text.Replace(good, bad, StringComparison.Ordinal)), "r"));
        StringAssert.Contains(string.Join('\n', invalid.Diagnostics), message, StringComparison.Ordinal);
    }
}
