using System.Globalization;
using EdgeDaemon.Ctl.Certification;
using EdgeDaemon.Tests.Admission;
using EdgeDaemon.Tests.Client;

namespace EdgeDaemon.Tests.Ctl.Certification;

/// <summary>The command against a daemon whose answers are scripted: what is asked, what is written, what is refused.</summary>
[TestClass]
public sealed class CertifyCommandTests
{
    private const string Metadata =
        """{"name":"digits","versions":["4"],"platform":"onnxruntime_onnx","inputs":[{"name":"image","datatype":"UINT8","shape":[-1,1,1,2]}],"outputs":[{"name":"logits","datatype":"FP32","shape":[-1,3]}]}""";

    private const string Config =
        """{"name":"digits","input":[{"name":"image","data_type":"TYPE_UINT8","format":"FORMAT_NCHW","dims":[-1,1,1,2]}],"parameters":{"labels":{"string_value":"zero\n<b>one\ntwo"}}}""";

    private string _folder = "";

    [TestInitialize]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("edged-").FullName;

    [TestCleanup]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void Asks_for_every_image_writes_the_report_and_goes_on_where_it_was()
    {
        using FakeDaemon daemon = Daemon();
        string[] command = [.. Command(daemon, "zero\n<b>one\n2\n"), "--max-samples", "500", "--alpha", "0.01", "--time-budget", "70"];
        ToolRun run = ToolRun.Of(command).Succeeded();
        StringAssert.Contains(run.Output, "digits@0.25  3       66.7%      0.0%   33.3%      0.2500");
        string[] lines = File.ReadAllLines(Path.Combine(_folder, "out", ResultsFile.Name));
        Assert.HasCount(4, lines);
        StringAssert.StartsWith(lines.Single(line => line.StartsWith("digits,0.25,1,", StringComparison.Ordinal)), "digits,0.25,1,1,1,0.5,127.5,600,certified,");
        StringAssert.Contains(File.ReadAllText(Path.Combine(_folder, "out", "report.html")), "1 &lt;b&gt;one");
        Assert.IsTrue(File.Exists(Path.Combine(_folder, "out", "report.svg")));
        FakeRequest[] asked = Asked(daemon);
        Assert.HasCount(3, asked);
        StringAssert.Contains(asked[0].Text, """{"binary_data_output":true,"certify":true,"sigma":"0.25","radii":"0.25,0.5","alpha":"0.01","max_samples":"500","time_budget_ms":"70"}""");

        // Nothing is open: nothing is asked, and the report is there again.
        File.Delete(Path.Combine(_folder, "out", "report.html"));
        ToolRun.Of(command).Succeeded();
        Assert.HasCount(3, Asked(daemon));
        Assert.IsTrue(File.Exists(Path.Combine(_folder, "out", "report.html")));

        // Another question does not go into the same file; another sigma does.
        ToolRun.Of([.. Command(daemon, "zero\n1\n2\n"), "--max-samples", "500"]).Failed(1, "holds results of digits@0.25.alpha = 0.01", "give another --out");
        ToolRun.Of([.. command, "--model", "digits@0.5"]).Succeeded();
        Assert.HasCount(6, Asked(daemon));
    }

    [TestMethod]
    public void What_makes_no_sense_is_refused_before_anything_is_asked()
    {
        using FakeDaemon daemon = Daemon();
        ToolRun.Of(Command(daemon, "0\n1\n")).Failed(1, "has 2 labels for 3 images");
        ToolRun.Of(Command(daemon, "0\n1\nthree\n")).Failed(1, "labels:3:1: 'three' is no class of the model");
        ToolRun.Of(Command(daemon, "0\n1\n3\n")).Failed(1, "labels:3:1: '3' is no class of the model: give its number, 0 to 2");
        ToolRun.Of("certify", "--data", "d", "--labels", "l", "--model", "digits", "--out", "o").Failed(2, "--model digits needs a sigma");
        ToolRun.Of("certify", "--data", "d", "--labels", "l", "--model", "digits@x", "--out", "o").Failed(2, "ends with no sigma");
        ToolRun.Of("certify", "--data", "d", "--labels", "l", "--model", "a b@1", "--out", "o").Failed(2, "--model 'a b@1'");
        ToolRun.Of("certify", "--data", "d", "--labels", "l", "--model", "digits@1", "--radii", "0.5,0.25", "--out", "o").Failed(2, "no growing list");
        ToolRun.Of([.. Command(daemon, "0\n1\n2\n"), "--radii", "0.5"]).Failed(2, "Option '--radii' expects a single argument but 2 were provided.");
        ToolRun.Of([.. Command(daemon, "0\n1\n2\n"), "--socket", "/s"]).Failed(2, "Option '--socket' expects a single argument but 2 were provided.");
        Assert.HasCount(0, Asked(daemon));
    }

    [TestMethod]
    public void A_folder_that_cannot_be_made_or_written_is_named_before_anything_is_asked()
    {
        using FakeDaemon daemon = Daemon();
        string[] command = Command(daemon, "0\n1\n2\n");
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        int at = Array.IndexOf(command, "--out") + 1;
        foreach (string place in (string[])[file, Path.Combine(file, "below"), "/proc/report"])
        {
            command[at] = place;
            ToolRun.Of(command).Failed(1, $"the folder {place} cannot be made (", "give another --out");
        }

        Assert.HasCount(0, Asked(daemon));
    }

    [TestMethod]
    public void A_model_whose_input_is_no_picture_is_refused_for_that()
    {
        using var daemon = new FakeDaemon(request => request.Line.Contains("/config", StringComparison.Ordinal)
            ? FakeDaemon.Json(Config.Replace("\"format\":\"FORMAT_NCHW\",", "", StringComparison.Ordinal))
            : Describe(request));
        ToolRun.Of(Command(daemon, "0\n1\n2\n")).Failed(1, "model 'digits' does not declare its input 'image' to be an image (image in model.toml)");
        Assert.HasCount(0, Asked(daemon));
    }

    [TestMethod]
    public void A_daemon_that_does_not_certify_is_told_of()
    {
        using var daemon = new FakeDaemon(request => request.Line.StartsWith("POST", StringComparison.Ordinal)
            ? FakeDaemon.Json("""{"model_name":"digits","model_version":"4","outputs":[]}""")
            : Describe(request));
        ToolRun.Of(Command(daemon, "0\n1\n2\n")).Failed(1, "it has no parameter class; was it asked to certify, and does the model?");
    }

    [TestMethod]
    public void The_bar_redraws_one_line_on_a_terminal_and_nowhere_else()
    {
        var screen = new StringWriter();
        var clock = new TestClock();
        var line = new ProgressBar(screen, true, clock);
        line.Begin(4, 1);
        clock.AdvanceSilently(TimeSpan.FromSeconds(2));
        line.Step("digits@0.25");
        line.End();
        string[] drawn = screen.ToString().Split('\r');
        StringAssert.StartsWith(drawn[1], "[#######.......................] 1/4");
        StringAssert.StartsWith(drawn[^1], "[###############...............] 2/4  0.5/s  0:00:04 left  digits@0.25");
        var log = new StringWriter();
        var silent = new ProgressBar(log, false, TimeProvider.System);
        silent.Begin(4, 0);
        silent.Step("x");
        silent.End();
        Assert.AreEqual("", log.ToString());
    }

    private static FakeDaemon Daemon() => new(request =>
    {
        if (!request.Line.StartsWith("POST", StringComparison.Ordinal))
        {
            return Describe(request);
        }

        // The class is the first pixel, and the third image is an abstention.
        int image = request.Body[^2];
        string answer = image == 2
            ? """ "class":"[null]","abstained":"[true]","radius":"[0]","certified_radius":"[0]","samples":"[900]","stopped":"[\"futile\"]" """
            : string.Create(CultureInfo.InvariantCulture, $$""" "class":"[{{image}}]","abstained":"[false]","radius":"[{{(image == 1 ? 0.5 : 0.25)}}]","certified_radius":"[{{(image == 1 ? 127.5 : 63.75)}}]","samples":"[600]","stopped":"[\"certified\"]" """);
        return FakeDaemon.Json($$"""{"model_name":"digits","model_version":"4","parameters":{"certify":"certify",{{answer}}},"outputs":[]}""");
    });

    private static byte[]? Describe(FakeRequest request) =>
        FakeDaemon.Json(request.Line.Contains("/config", StringComparison.Ordinal) ? Config : Metadata);

    private static FakeRequest[] Asked(FakeDaemon daemon)
    {
        lock (daemon.Requests)
        {
            return [.. daemon.Requests.Where(request => request.Line.StartsWith("POST", StringComparison.Ordinal))];
        }
    }

    private string[] Command(FakeDaemon daemon, string labels)
    {
        string data = Path.Combine(_folder, "data.pgm"), list = Path.Combine(_folder, "labels");
        File.WriteAllBytes(data, [.. "P5 2 1 255\n"u8, 0, 9, .. "P5 2 1 255\n"u8, 1, 9, .. "P5 2 1 255\n"u8, 2, 9]);
        File.WriteAllText(list, labels);
        return ["certify", "--data", data, "--labels", list, "--model", "digits@0.25", "--radii", "0.25,0.5", "--out", Path.Combine(_folder, "out"), "--socket", daemon.SocketPath, "--jobs", "1"];
    }
}
