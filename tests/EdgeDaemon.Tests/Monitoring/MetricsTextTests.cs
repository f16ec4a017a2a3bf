using System.Diagnostics;
using System.Text;
using EdgeDaemon.Monitoring;

namespace EdgeDaemon.Tests.Monitoring;

[TestClass]
public sealed class MetricsTextTests
{
    // Whatever could end a value, a label or a line early, or hide in a font.
    private const string Hostile = "a\"} 1\nedged_forged_total{x=\"\\\n# TYPE y gauge\n\\n\\\"\u2028é\ttab";

    [TestMethod]
    public void What_is_written_reads_back_the_same()
    {
        var text = new MetricsText();
        text.Counter("edged_things_total", "Things that were counted.");
        text.Sample(3, ("kind", "one"));
        text.Sample(12345678901234, ("kind", "other"), ("more", ""));
        text.Gauge("edged_level", "A level.");
        text.Sample(-0.25);
        text.Gauge("edged_odd", "Numbers that are none.");
        text.Sample(double.PositiveInfinity, ("is", "inf"));
        text.Sample(double.NegativeInfinity, ("is", "-inf"));
        text.Sample(double.NaN, ("is", "nan"));

        PrometheusText read = PrometheusText.Read(Encoding.UTF8.GetString(text.ToUtf8()));
        Assert.AreEqual(3, read.Sum("edged_things_total", ("kind", "one")));
        Assert.AreEqual(12345678901234, read.Sum("edged_things_total", ("kind", "other"), ("more", "")));
        Assert.AreEqual(-0.25, read.Sum("edged_level"));
        Assert.AreEqual(("gauge", "A level."), (read.Families["edged_level"].Type, read.Families["edged_level"].Help));
        Assert.AreEqual(double.PositiveInfinity, read.Sum("edged_odd", ("is", "inf")));
        Assert.AreEqual(double.NegativeInfinity, read.Sum("edged_odd", ("is", "-inf")));
        Assert.IsTrue(double.IsNaN(read.Sum("edged_odd", ("is", "nan"))));
    }

    [TestMethod]
    public void No_label_forges_a_line_or_another_label()
    {
        var text = new MetricsText();
        text.Counter("edged_things_total", "Help with\na line end and a \\.");
        text.Sample(1, ("name", Hostile), ("after", "still mine"));
        string written = Encoding.UTF8.GetString(text.ToUtf8());
        Assert.AreEqual(3, written.Count(c => c == '\n'), written);
        PrometheusText read = PrometheusText.Read(written);
        PrometheusSample sample = read.Families["edged_things_total"].Samples.Single();
        Assert.AreEqual(Hostile, sample.Labels["name"]);
        Assert.AreEqual("still mine", sample.Labels["after"]);
        Assert.HasCount(1, read.Families);

        // The control: without the escapes the same name makes a metric of its own.
        string forged = $"edged_things_total{{name=\"{Hostile}\"}} 1\n";
        Assert.IsTrue(forged.Split('\n').Any(line => line.StartsWith("edged_forged_total", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void Buckets_are_cumulative_and_end_with_all()
    {
        var text = new MetricsText();
        text.Histogram("edged_time_seconds", "Times.");
        text.Buckets([0.1, 1], [4, 0, 2], 7.5, ("stage", "total"));
        string[] lines = Encoding.UTF8.GetString(text.ToUtf8()).Split('\n');
        CollectionAssert.AreEqual(
            new[]
            {
                "# HELP edged_time_seconds Times.",
                "# TYPE edged_time_seconds histogram",
                "edged_time_seconds_bucket{stage=\"total\",le=\"0.1\"} 4",
                "edged_time_seconds_bucket{stage=\"total\",le=\"1\"} 4",
                "edged_time_seconds_bucket{stage=\"total\",le=\"+Inf\"} 6",
                "edged_time_seconds_sum{stage=\"total\"} 7.5",
                "edged_time_seconds_count{stage=\"total\"} 6",
                "",
            },
            lines);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("1st")]
    [DataRow("edged things")]
    [DataRow("edged{")]
    [DataRow("Edged")]
    [DataRow("edged\n")]
    public void A_name_that_is_none_is_a_mistake_of_the_program(string name)
    {
        Assert.ThrowsExactly<ArgumentException>(() => new MetricsText().Gauge(name, "x"));
        var text = new MetricsText();
        text.Gauge("edged_x", "x");
        Assert.ThrowsExactly<ArgumentException>(() => text.Sample(1, (name, "v")));
    }

    [TestMethod]
    public void A_counter_is_named_as_one() => Assert.ThrowsExactly<ArgumentException>(() => new MetricsText().Counter("edged_things", "x"));

    /// <summary>Another reader: the one that Prometheus's own Python client has.</summary>
    [TestMethod]
    public void Prometheus_own_client_reads_hostile_labels_as_they_were_meant()
    {
        var text = new MetricsText();
        text.Counter("edged_things_total", "Things.");
        text.Sample(7, ("name", Hostile));
        var start = new ProcessStartInfo("/usr/bin/python3", ["-c", """
            import sys
            try:
                from prometheus_client.parser import text_string_to_metric_families
            except ImportError:
                sys.exit(9)
            families = list(text_string_to_metric_families(sys.stdin.buffer.read().decode()))
            assert len(families) == 1 and len(families[0].samples) == 1, families
            sys.stdout.buffer.write(families[0].samples[0].labels["name"].encode())
            """])
        { RedirectStandardInput = true, RedirectStandardOutput = true };
        using Process python = Process.Start(start)!;
        python.StandardInput.BaseStream.Write(text.ToUtf8());
        python.StandardInput.Close();
        using var output = new MemoryStream();
        python.StandardOutput.BaseStream.CopyTo(output);
        python.WaitForExit();
        if (python.ExitCode == 9)
        {
            Assert.Inconclusive("skipped: needs Debian's python3-prometheus-client");
        }

        Assert.AreEqual(0, python.ExitCode);
        Assert.AreEqual(Hostile, Encoding.UTF8.GetString(output.ToArray()));
    }
}
