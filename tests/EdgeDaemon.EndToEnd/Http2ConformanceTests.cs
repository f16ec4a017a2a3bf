using System.Text.RegularExpressions;

namespace EdgeDaemon.EndToEnd;

/// <summary>What RFC 9113 and RFC 7541 demand of a server, case by case: http2/conformance.py sends the frames, written with python3-hpack.</summary>
[TestClass]
[DoNotParallelize]
public sealed partial class Http2ConformanceTests
{
    private static Dictionary<string, string[]> _seen = [];
    private static Daemon? _daemon;
    private static string? _missing;

    public static IEnumerable<object[]> Cases => CaseName().Matches(File.ReadAllText(Outside.Source("http2", "conformance.py"))).Select(match => (object[])[match.Groups[1].Value]);

    [ClassInitialize]
    public static async Task StartAsync(TestContext _)
    {
        _missing = Outside.MissingPython("hpack", "python3-hpack");
        if (_missing is null)
        {
            _daemon = await Daemon.StartAsync("[limits]\nmax_body_bytes = 1048576", "digits/digits-s25");
            Command run = Command.Run(Outside.Python, Outside.Source("http2", "conformance.py"), _daemon.State.InferenceSocket).Succeeded();
            _seen = run.Output.TrimEnd('\n').Split('\n').Select(line => line.Split('\t')).ToDictionary(line => line[0]);
        }
    }

    [ClassCleanup]
    public static async Task StopAsync()
    {
        if (_daemon is not null)
        {
            await _daemon.DisposeAsync();
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Rfc9113(string name)
    {
        Outside.SkipIf(_missing);
        Assert.IsTrue(_seen.TryGetValue(name, out string[]? line), "the script did not come to this case");
        Assert.AreNotEqual("wrong", line[1], $"{line[2]}; {line[3]}");
        if (line[1] == "departs")
        {
            StringAssert.Contains(Law, $"| {name[..name.IndexOf('/', StringComparison.Ordinal)]} ", "a departure that the law does not list");
        }
    }

    [TestMethod]
    public void EveryCase_IsNamedOnce_AndThereAreAHundred()
    {
        string[] names = [.. Cases.Select(one => (string)one[0])];
        Assert.HasCount(names.Length, names.Distinct().ToArray());
        Assert.IsGreaterThan(100, names.Length);
    }

    [TestMethod]
    public void AllOfIt_LeavesNoErrorInTheLog_AndTheDaemonServing()
    {
        Outside.SkipIf(_missing);
        using HttpConnection connection = _daemon!.Connect();
        Assert.AreEqual(200, connection.Ask(Digits.Binary(0, 1)).Status);
        Assert.DoesNotContain(" error ", _daemon.Errors);
        Assert.DoesNotContain(" critical ", _daemon.Errors);
    }

    private static string Law => File.ReadAllText(Path.Combine(Installation.Root, "src", "EdgeDaemon", "Listeners", "README.md"));

    [GeneratedRegex("^(?:@case|malformed|compression)\\(\"([^\"]+)\"", RegexOptions.Multiline)]
    private static partial Regex CaseName();
}
