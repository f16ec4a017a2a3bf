using System.Globalization;
using EdgeDaemon.Ctl;
using EdgeDaemon.Ctl.Certification;

namespace EdgeDaemon.Tests.Ctl.Certification;

/// <summary>A run that is killed anywhere goes on: no row is lost, none is there twice, none is asked again.</summary>
[TestClass]
public sealed class ResultsFileTests
{
    private const int Images = 7;

    private static readonly CertifiedSeries[] Series = [new("digits", 0.25), new("digits-a", 0.25)];

    private string _folder = "";

    [TestInitialize]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("edged-").FullName;

    [TestCleanup]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    public async Task Stopped_after_any_number_of_rows_it_goes_on_with_the_others(int jobs)
    {
        for (int stop = 0; stop <= Series.Length * Images; stop++)
        {
            string folder = Path.Combine(_folder, stop.ToString(CultureInfo.InvariantCulture));
            Directory.CreateDirectory(folder);
            var asked = new List<(CertifiedSeries, int)>();
            await Assert.ThrowsExactlyAsync<IOException>(() => RunAsync(folder, jobs, asked, stop));
            int kept = File.ReadAllLines(Path.Combine(folder, ResultsFile.Name)).Length - 1;
            Assert.IsTrue(kept <= stop, "what was not answered is not there");
            var again = new List<(CertifiedSeries, int)>();
            await RunAsync(folder, jobs, again, int.MaxValue);
            Assert.HasCount((Series.Length * Images) - kept, again, "what was answered is not asked again");
            Complete(folder);
        }
    }

    // The property at its finest: the file as it is after any byte of it was written.
    [TestMethod]
    public async Task Cut_off_after_any_byte_it_goes_on_without_loss_or_double()
    {
        string whole = Path.Combine(_folder, "whole");
        Directory.CreateDirectory(whole);
        await RunAsync(whole, 1, [], int.MaxValue);
        byte[] bytes = File.ReadAllBytes(Path.Combine(whole, ResultsFile.Name));
        for (int length = CertifiedRow.Head.Length + 1; length <= bytes.Length; length++)
        {
            string folder = Path.Combine(_folder, "cut");
            Directory.CreateDirectory(folder);
            File.WriteAllBytes(Path.Combine(folder, ResultsFile.Name), bytes[..length]);
            var asked = new List<(CertifiedSeries, int)>();
            await RunAsync(folder, 1, asked, int.MaxValue);
            Assert.HasCount((Series.Length * Images) - bytes.AsSpan(0, length).Count((byte)'\n') + 1, asked);
            CollectionAssert.AreEqual(bytes, File.ReadAllBytes(Path.Combine(folder, ResultsFile.Name)));
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    public void What_is_no_results_file_is_refused_at_its_place()
    {
        Refused("other\n", "results.csv:1:1: is not the head");
        Refused($"{CertifiedRow.Head}\nnonsense\n", "results.csv:2:1: is no line");
        string row = Row(Series[0], 3).ToLine();
        Refused($"{CertifiedRow.Head}\n{row}\n{row}\n", "results.csv:3:1: decides image 3 of digits@0.25 a second time");

        void Refused(string text, string what)
        {
            File.WriteAllText(Path.Combine(_folder, ResultsFile.Name), text);
            StringAssert.Contains(Assert.ThrowsExactly<CtlException>(() => ResultsFile.Open(_folder)).Message, what);
        }
    }

    [TestMethod]
    public void One_run_at_a_time_writes()
    {
        using ResultsFile first = ResultsFile.Open(_folder);
        StringAssert.Contains(Assert.ThrowsExactly<CtlException>(() => ResultsFile.Open(_folder)).Message, "another run may be at it");
    }

    [TestMethod]
    public void A_row_reads_back_and_nothing_else_does()
    {
        CertifiedRow row = new(new("a.b-c_1", 1e-7), 12, 3, -1, 0, 0, 12_000_000, "deadline", 0.125);
        Assert.AreEqual(row, CertifiedRow.Parse(row.ToLine()));
        foreach (string bad in (string[])["", "a,b", row.ToLine() + ",1", row.ToLine().Replace("deadline", "dead line", StringComparison.Ordinal), row.ToLine().Replace("a.b", "=a b", StringComparison.Ordinal), row.ToLine().Replace(",3,", ",x,", StringComparison.Ordinal)])
        {
            Assert.IsNull(CertifiedRow.Parse(bad), bad);
        }
    }

    [TestMethod]
    public void Answers_to_different_questions_are_not_mixed()
    {
        var first = new RunSettings();
        first.Set("alpha", "0.001");
        first.Set("model.digits.version", "1");
        first.Join(_folder);
        var more = new RunSettings();
        more.Set("alpha", "0.001");
        more.Set("model.other.version", "7");
        more.Join(_folder);
        Assert.HasCount(3, more.Values);
        var other = new RunSettings();
        other.Set("model.digits.version", "2");
        StringAssert.Contains(
            Assert.ThrowsExactly<CtlException>(() => other.Join(_folder)).Message, "holds results of model.digits.version = 1, this run has model.digits.version = 2");
    }

    private static CertifiedRow Row(CertifiedSeries series, int image) => new(series, image, image % 3, image % 4 == 3 ? -1 : image % 3, 0.25, 63.75, 300 + image, "certified", 1.5);

    private static async Task RunAsync(string folder, int jobs, List<(CertifiedSeries, int)> asked, int stopAfter)
    {
        using ResultsFile results = ResultsFile.Open(folder);
        var run = new CertifyRun(
            results,
            async (series, image, stop) =>
            {
                await Task.Yield();
                lock (asked)
                {
                    asked.Add((series, image));
                    return asked.Count > stopAfter ? throw new IOException("stopped") : Row(series, image);
                }
            },
            new ProgressBar(TextWriter.Null, false, TimeProvider.System));
        await run.RunAsync([.. Series], Images, jobs, CancellationToken.None);
        if (stopAfter == asked.Count)
        {
            throw new IOException("stopped at the end");
        }
    }

    private static void Complete(string folder)
    {
        using ResultsFile results = ResultsFile.Open(folder);
        CollectionAssert.AreEquivalent(
            (from series in Series from image in Enumerable.Range(0, Images) select Row(series, image)).ToArray(), results.Rows.ToArray());
    }
}
