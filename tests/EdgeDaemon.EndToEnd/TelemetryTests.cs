using System.Diagnostics;
using System.Text.RegularExpressions;

namespace EdgeDaemon.EndToEnd;

/// <summary>
/// What the processes do is watched with strace, not asked. The library phones home about ten seconds after it is loaded, so
/// each process is watched for longer than that.
/// </summary>
[TestClass]
public sealed partial class TelemetryTests
{
    private const int WatchedSeconds = 14;

    /// <summary>Creates the library's environment through the C API and waits; nothing of edged takes part.</summary>
    private const string BareLibrary =
        """
        import ctypes, os, sys, time
        base = ctypes.CDLL(sys.argv[1]).OrtGetApiBase
        base.restype = ctypes.POINTER(ctypes.c_void_p)
        get = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint32)(base()[0])
        api = ctypes.cast(get(21), ctypes.POINTER(ctypes.c_void_p))
        env = ctypes.c_void_p()
        create = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p))(api[3])
        assert create(2, b"control", ctypes.byref(env)) is None
        print("ready", flush=True)
        time.sleep(3600)
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("edged-telemetry-").FullName;

    [TestMethod]
    public void Edged_opens_no_network_socket_and_touches_no_telemetry_file()
    {
        string edged = Needed("EDGED_BIN", "artifacts/bin", "edged");
        string library = Needed("EDGED_ORT", "artifacts/runtime/libonnxruntime.so.1", "");
        Directory.CreateDirectory(Path.Combine(_folder, "models"));
        StateDirectory.Write(Path.Combine(_folder, "trust.toml"), "format = 1\nversion = 1\nexpires = 2099-01-01T00:00:00Z\n");
        StateDirectory.Write(
            Path.Combine(_folder, "edged.toml"),
            $"""
            format = 1
            state_dir = "{_folder}"
            trust = "{_folder}/trust.toml"
            runtime.library = "{library}"
            [[listen]]
            name = "local"
            unix = "{_folder}/s"
            exposes = ["inference"]
            """);
        Command.Run(edged, "init", "--config", Path.Combine(_folder, "edged.toml")).Succeeded();
        string[] calls = Watch(edged, "run", "--config", Path.Combine(_folder, "edged.toml"));
        Assert.IsTrue(calls.Any(call => call.Contains("AF_UNIX", StringComparison.Ordinal)), "the daemon listened: " + string.Join('\n', calls.TakeLast(20)));
        Assert.IsTrue(calls.Any(call => call.Contains("libonnxruntime", StringComparison.Ordinal)), "the library was opened");

        // .NET asks once which families the machine has, by a datagram socket of each that it closes again unused.
        string[] probes = [.. calls.Where(call => FamilyProbe().IsMatch(call))];
        Assert.IsTrue(probes.Length <= 2 && probes.Distinct().Count() == probes.Length, string.Join('\n', probes));
        Assert.AreEqual("", string.Join('\n', calls.Except(probes).Where(call => Telemetry().IsMatch(call))));
        Assert.IsFalse(Directory.Exists(Path.Combine(_folder, ".cache")), "an identity was stored");
    }

    [TestMethod]
    public void Control_the_bare_library_writes_an_identity_when_nobody_stops_it()
    {
        string library = Needed("EDGED_ORT", "artifacts/runtime/libonnxruntime.so.1", "");
        string[] calls = Watch("python3", "-c", BareLibrary, library);
        Assert.IsTrue(calls.Any(call => Telemetry().IsMatch(call)), "the watch sees nothing: the other test proves nothing");
        Assert.IsTrue(Directory.Exists(Path.Combine(_folder, ".cache/Microsoft/DeveloperTools/.onnxruntime")));
    }

    [TestCleanup]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    /// <summary>The system calls of a process and its threads that open sockets, connect or open files, one a line.</summary>
    private string[] Watch(params string[] command)
    {
        string trace = Path.Combine(_folder, "trace");
        var start = new ProcessStartInfo("strace")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in (string[])["-f", "-e", "trace=socket,connect,sendto,open,openat,openat2,mkdir,mkdirat", "-o", trace, "timeout", "-s", "TERM", $"{WatchedSeconds}", .. command])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["HOME"] = _folder;
        start.Environment.Remove("ORT_DISABLE_TELEMETRY");

        // The library also keeps quiet where it believes to run in continuous integration: the control must not.
        start.Environment.Remove("CI");
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(TimeSpan.FromSeconds(WatchedSeconds + 40)))
            {
                process.Kill(entireProcessTree: true);
                Assert.Fail("it did not end");
            }

            // 124: timeout had to stop it, so it lived for the whole watch.
            Assert.AreEqual(124, process.ExitCode, $"{output.Result}\n{errors.Result}");
            return File.ReadAllLines(trace);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Inconclusive("skipped: no strace");
            throw;
        }
    }

    private static string Needed(string variable, string standard, string file)
    {
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "EdgeDaemon.sln")))
        {
            root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException("EdgeDaemon.sln is in no folder above the tests.");
        }

        string named = Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : Path.Combine(root, standard);
        string path = Path.GetFullPath(Path.Combine(named, file)).TrimEnd('/');
        if (!File.Exists(path))
        {
            Assert.Inconclusive($"skipped: no {path} (set {variable}, or run ./build.sh)");
        }

        return path;
    }

    [GeneratedRegex(@"AF_INET|AF_INET6|AF_NETLINK|DeveloperTools|onnxruntime\.db|deviceid|/\.ses\b|mat-debug|/etc/machine-id|/etc/resolv\.conf")]
    private static partial Regex Telemetry();

    [GeneratedRegex(@"^\d+ +socket\(AF_INET6?, SOCK_DGRAM\|SOCK_CLOEXEC, IPPROTO_IP( <unfinished \.\.\.>|\))")]
    private static partial Regex FamilyProbe();
}
