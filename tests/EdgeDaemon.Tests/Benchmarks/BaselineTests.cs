using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Tests.Benchmarks;

/// <summary><c>./build.sh bench --check</c>: what fails, what is only named, and that a run which compares nothing does not pass.</summary>
[TestClass]
public sealed class BaselineTests
{
    private const string Text = """
        what,compared,median,low,high,target
        "added CPU a request, cnn, 8 clients",edged / bare,0.70,0.66,0.74,<= 0.75
        "rate, cnn, gRPC, 8 clients",edged / cpp-grpc,1.20,1.10,1.30,>= 1
        "throughput, light_resnet50, 8 clients",edged / raw,0.985,0.976,0.991,>= 0.97

        """;

    private readonly string _file = Path.GetTempFileName();

    [TestInitialize]
    public void Write() => File.WriteAllText(_file, Text);

    [TestCleanup]
    public void Remove() => File.Delete(_file);

    [TestMethod]
    [DataRow(0.66, 0.75, true)] // Worse, but the intervals touch.
    [DataRow(0.74, 0.90, true)]
    [DataRow(0.741, 0.90, false)]
    [DataRow(0.10, 0.20, true)]
    public void FigureThatMustBeSmall_IsWorse_WhenItsGoodEndIsBeyondTheOldBadEnd(double low, double high, bool passes)
    {
        Comparison comparison = Baseline.Read(_file).Compare([Cpu(low, high)]);
        Assert.AreEqual(passes, comparison.Passes);
        Assert.AreEqual((passes ? 1 : 0, passes ? 0 : 1), (comparison.Held, comparison.Worse.Count));
    }

    [TestMethod]
    [DataRow(0.9, 1.10, true)]
    [DataRow(0.9, 1.09, false)]
    [DataRow(2.0, 2.10, true)]
    public void FigureThatMustBeLarge_IsWorse_WhenItsGoodEndDoesNotReachTheOldBadEnd(double low, double high, bool passes) =>
        Assert.AreEqual(passes, Baseline.Read(_file).Compare([Rate("edged / cpp-grpc", low, high)]).Passes);

    [TestMethod]
    public void MissingContender_IsNamed_AndTheRestIsHeld()
    {
        var missing = new Finding("rate, cnn, gRPC, 8 clients", "1/s", 1, null, 1, "edged / cpp-grpc", null, 1, AtMost: false);
        Comparison comparison = Baseline.Read(_file).Compare([Cpu(0.7, 0.7), missing, Rate("edged / node", 1, 2)]);
        Assert.IsTrue(comparison.Passes);
        Assert.AreEqual(1, comparison.Held);
        CollectionAssert.AreEqual((string[])["rate, cnn, gRPC, 8 clients: edged / node"], comparison.Unknown.ToArray());
        CollectionAssert.AreEquivalent(
            (string[])["rate, cnn, gRPC, 8 clients: edged / cpp-grpc", "throughput, light_resnet50, 8 clients: edged / raw"], comparison.Unmeasured.ToArray());
    }

    [TestMethod]
    public void NothingCompared_DoesNotPass()
    {
        Assert.IsFalse(Baseline.Read(_file).Compare([]).Passes);
        Assert.IsFalse(Baseline.Read(_file).Compare([Rate("edged / node", 1, 2)]).Passes);
    }

    [TestMethod]
    public void FigureThatIsNoNumber_IsWorse() => Assert.AreEqual(1, Baseline.Read(_file).Compare([Cpu(double.NaN, double.NaN)]).Worse.Count);

    [TestMethod]
    public void Writing_ReplacesWhatWasMeasured_AndLeavesTheRest()
    {
        Baseline.Write(_file, [Cpu(0.5, 0.6), Rate("edged / node", 1, 2)]);
        string[] lines = File.ReadAllLines(_file);
        string[] before = Text.ReplaceLineEndings("\n").Split('\n');
        Assert.AreEqual("\"added CPU a request, cnn, 8 clients\",edged / bare,0.5500,0.5000,0.6000,<= 0.75", lines[1]);
        CollectionAssert.AreEqual((string[])[before[0], lines[1], before[2], before[3], "\"rate, cnn, gRPC, 8 clients\",edged / node,1.5000,1.0000,2.0000,>= 1"], lines);
        Assert.AreEqual(2, Baseline.Read(_file).Compare([Cpu(0.5, 0.6), Rate("edged / node", 1, 2)]).Held);
    }

    [TestMethod]
    public void BrokenRow_IsNamedWithItsPlace()
    {
        File.AppendAllText(_file, "\"x\",y,1,2\n");
        ArgumentException failure = Assert.ThrowsExactly<ArgumentException>(() => Baseline.Read(_file));
        StringAssert.StartsWith(failure.Message, $"{_file}:5:1: ");
    }

    [TestMethod]
    public void CommittedBaseline_CanBeRead() =>
        Assert.IsNotEmpty(Baseline.Read(Path.Combine(Repository(), "tests/EdgeDaemon.Benchmarks/baseline.csv")).Compare([]).Unmeasured);

    private static Finding Cpu(double low, double high) =>
        new("added CPU a request, cnn, 8 clients", "us", 100, 30, 20, "edged / bare", new Interval((low + high) / 2, low, high), 0.75, AtMost: true);

    private static Finding Rate(string figure, double low, double high) =>
        new("rate, cnn, gRPC, 8 clients", "1/s", 1, 1, 1, figure, new Interval((low + high) / 2, low, high), 1, AtMost: false);

    private static string Repository()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "EdgeDaemon.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }
}
