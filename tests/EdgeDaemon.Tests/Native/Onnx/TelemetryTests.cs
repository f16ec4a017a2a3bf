using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Tests.Native.Onnx;

/// <summary>
/// ONNX Runtime from 1.29 on collects telemetry: files at once, sockets ten seconds after the environment was created
/// (packaging/runtime/README.md lists them). The same observation of the same program must see nothing with our loading, and
/// everything with the library's own default.
/// </summary>
[TestClass]
public sealed class TelemetryTests
{
    private const string SecondsUntilTheFirstUpload = "13";

    private static readonly string[] Traces = ["Microsoft/DeveloperTools", "onnxruntime.db", "deviceid", "/.ses", "mat-debug", "/etc/machine-id"];

    [TestMethod]
    public void Our_loading_opens_no_socket_and_touches_no_telemetry_file()
    {
        Observation seen = Observe("serve");
        Assert.IsEmpty(seen.Calls.Where(IsNetwork));
        Assert.IsEmpty(seen.Calls.Where(IsTelemetryFile));
        Assert.IsEmpty(seen.FilesLeft);
        Assert.IsTrue(seen.Calls.Any(call => call.Contains("libonnxruntime", StringComparison.Ordinal)), "the observation saw the library");
    }

    [TestMethod]
    public void The_same_observation_sees_the_files_and_sockets_of_telemetry_left_on()
    {
        Observation seen = Observe("serve-with-telemetry");
        Assert.IsNotEmpty(seen.Calls.Where(IsTelemetryFile));
        Assert.IsNotEmpty(seen.FilesLeft);
        Assert.IsNotEmpty(seen.Calls.Where(IsNetwork));
    }

    private static bool IsNetwork(string call) => call.Contains("socket(", StringComparison.Ordinal)
        || call.Contains("connect(", StringComparison.Ordinal) || call.Contains("sendto(", StringComparison.Ordinal);

    private static bool IsTelemetryFile(string call) => Traces.Any(trace => call.Contains(trace, StringComparison.Ordinal));

    private static Observation Observe(string deed)
    {
        string library = TestRuntime.Library();
        string folder = Directory.CreateTempSubdirectory("edged-telemetry-").FullName;
        try
        {
            string home = Directory.CreateDirectory(Path.Combine(folder, "home")).FullName;
            string log = Path.Combine(folder, "strace.log");
            string[] strace = ["strace", "-f", "-qq", "-s", "200", "-e", "trace=%network,%file", "-o", log];
            int exitCode;
            string output;
            try
            {
                // A proxy that nobody answers: what the control sends does not leave the machine.
                (exitCode, output) = ChildProcess.Run(
                    deed, $"{library}|{OnnxLibraryPins.Current}|{SecondsUntilTheFirstUpload}", strace,
                    ("HOME", home), ("TMPDIR", home), ("XDG_CACHE_HOME", ""), ("https_proxy", "http://127.0.0.1:9"), ("HTTPS_PROXY", "http://127.0.0.1:9"));
            }
            catch (System.ComponentModel.Win32Exception missing)
            {
                Assert.Inconclusive($"skipped: strace cannot be started ({missing.Message}); './build.sh deps' installs it");
                throw;
            }

            if (exitCode != 0 && output.Contains("ptrace", StringComparison.OrdinalIgnoreCase))
            {
                Assert.Inconclusive($"skipped: strace may not trace here: {output}");
            }

            Assert.AreEqual(0, exitCode, output);
            StringAssert.Contains(output, "served");
            return new Observation(File.ReadAllLines(log), Directory.GetFiles(home, "*", SearchOption.AllDirectories));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private sealed record Observation(string[] Calls, string[] FilesLeft);
}
