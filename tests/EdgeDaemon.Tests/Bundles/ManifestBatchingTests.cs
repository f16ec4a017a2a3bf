using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Tests.Bundles;

[TestClass]
public sealed class ManifestBatchingTests
{
    private const string Input = "{ name = \"x\", datatype = \"FP32\", shape = [-1, 3] }";
    private const string Output = "{ name = \"y\", datatype = \"FP32\", shape = [-1] }";

    [TestMethod]
    public void Without_the_table_nothing_is_batched() => Assert.IsNull(Parse("").Batching);

    [TestMethod]
    public void Every_key_is_read()
    {
        ManifestBatching batching = Parse("max_batch = 32\npreferred = [4, 16, 32]\nmax_delay_us = 1500").Batching!;
        Assert.AreEqual((32, "4 16 32", 1.5), (batching.MaxBatch, string.Join(' ', batching.Preferred), batching.MaxDelay.TotalMilliseconds));
        batching = Parse("max_batch = 2").Batching!;
        Assert.AreEqual((2, 0, TimeSpan.Zero), (batching.MaxBatch, batching.Preferred.Length, batching.MaxDelay));
    }

    [TestMethod]
    [DataRow("preferred = [2]", "max_batch")]
    [DataRow("max_batch = 1", "max_batch")]
    [DataRow("max_batch = 4097", "max_batch")]
    [DataRow("max_batch = 8\npreferred = [4, 4]", "must grow, and end at max_batch 8")]
    [DataRow("max_batch = 8\npreferred = [4, 9]", "must grow, and end at max_batch 8")]
    [DataRow("max_batch = 8\npreferred = [0]", "preferred")]
    [DataRow("max_batch = 8\nmax_delay_us = 1", "is for preferred sizes, and there are none")]
    [DataRow("max_batch = 8\npreferred = [8]\nmax_delay_us = 1000001", "max_delay_us")]
    [DataRow("max_batch = 8\npriority = 1", "priority")]
    public void What_is_no_batching_is_refused(string table, string expected) => Refused(table, expected);

    [TestMethod]
    [DataRow("{ name = \"x\", datatype = \"FP32\", shape = [1, 3] }", Output, "input 'x' has shape [1,3]")]
    [DataRow(Input, "{ name = \"y\", datatype = \"FP32\", shape = [4] }", "output 'y' has shape [4]")]
    [DataRow(Input, "{ name = \"y\", datatype = \"FP32\", shape = [] }", "output 'y' has shape []")]
    [DataRow(Input, "{ name = \"y\", datatype = \"BYTES\", shape = [-1] }", "output 'y' is BYTES")]
    public void Rows_must_be_the_callers_everywhere(string input, string output, string expected) => Refused("max_batch = 8", expected, input, output);

    private static void Refused(string table, string expected, string input = Input, string output = Output)
    {
        TomlInvalidException refused = Assert.ThrowsExactly<TomlInvalidException>(() => Parse(table, input, output));
        StringAssert.Contains(refused.Message, expected);
    }

    private static ModelManifest Parse(string table, string input = Input, string output = Output) => ModelManifest.Parse(
        Encoding.UTF8.GetBytes($"""
            format = 1
            name = "m"
            version = "1"
            sequence = 1
            security_floor = 0
            created = 2026-11-21T00:00:00Z
            file = [{"{ path = \"g\", size = 1 }"}]
            member = [{"{ name = \"m\", file = \"g\" }"}]
            input = [{input}]
            output = [{output}]
            {(table.Length > 0 ? "[batching]\n" : "")}{table}

            """),
        "model.toml");
}
