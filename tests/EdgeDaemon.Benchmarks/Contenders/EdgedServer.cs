using System.Diagnostics;
using System.Security.Cryptography;
using EdgeDaemon.Benchmarks.Load;

namespace EdgeDaemon.Benchmarks.Contenders;

/// <summary>
/// edged with one signed model. Everything this program knows of edged's and edgectl's command lines, files and folders stands here.
/// </summary>
internal static class EdgedServer
{
    /// <summary>Key, trust policy, signed bundle and configuration of a workload, below the scratch folder. The configuration's path.</summary>
    /// <param name="options">Where the programs are.</param>
    /// <param name="workload">Its name is the daemon's: two of a name are one daemon.</param>
    /// <param name="scratch">Where everything lies.</param>
    /// <param name="more">Tables of the configuration besides.</param>
    /// <param name="mode">Of the inference socket.</param>
    /// <param name="manifest">What model.toml says besides.</param>
    public static string Prepare(Options options, Workload workload, string scratch, string more = "", string mode = "0600", string manifest = "")
    {
        string home = Path.Combine(scratch, $"edged-{workload.Name}");
        string bundle = Path.Combine(home, "state/models", workload.Model);
        string content = Path.Combine(bundle, "content");
        string configuration = Path.Combine(home, "edged.toml");
        if (File.Exists(configuration))
        {
            // Another subject has set this device up, and edged does so only once.
            return configuration;
        }

        Directory.CreateDirectory(content);
        File.SetUnixFileMode(Path.Combine(home, "state"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (workload.Content is string from)
        {
            foreach (string file in Directory.GetFiles(from))
            {
                File.Copy(file, Path.Combine(content, Path.GetFileName(file)), overwrite: true);
            }
        }
        else
        {
            File.Copy(workload.Graph, Path.Combine(content, "model.onnx"), overwrite: true);
            File.WriteAllText(Path.Combine(content, "model.toml"), Manifest(workload));
        }

        File.AppendAllText(Path.Combine(content, "model.toml"), manifest);
        string key = Path.Combine(home, "release.pem");
        if (!File.Exists(key))
        {
            EdgeCtl(options, "keygen", "--out", key);
        }

        EdgeCtl(options, "bundle", "sign", "--key", key, bundle);

        using var signer = ECDsa.Create();
        signer.ImportFromPem(File.ReadAllText(key));
        string trust = Path.Combine(home, "trust.toml");
        File.WriteAllText(trust, $"""
            format = 1
            version = 1
            expires = 2036-11-21T00:00:00Z

            [[key]]
            name = "bench"
            roles = ["release"]
            models = ["*"]
            public_key = '''
            {signer.ExportSubjectPublicKeyInfoPem()}
            '''

            """);

        File.WriteAllText(configuration, $"""
            format = 1
            state_dir = "{home}/state"
            trust = "{trust}"

            [runtime]
            library = "{options.Library}"

            [[listen]]
            name = "bench"
            unix = "{Socket(workload, scratch)}"
            mode = "{mode}"
            exposes = ["inference"]

            [[listen]]
            name = "control"
            unix = "{ControlSocket(workload, scratch)}"
            mode = "0600"
            exposes = ["control"]

            {more}
            {(more.Contains("[audit]", StringComparison.Ordinal) ? "" : "[audit]\nmax_bytes = 1073741824\non_full = \"rotate\"\nkeep_days = 0 # A benchmark's past is nobody's evidence, and it must not fill the log.")}
            """);

        // Whatever the umask is: edged refuses files that others could write.
        const UnixFileMode Others = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
        File.SetUnixFileMode(trust, File.GetUnixFileMode(trust) & ~Others);
        File.SetUnixFileMode(configuration, File.GetUnixFileMode(configuration) & ~Others);
        Run(options.Edged, "init", "--config", configuration);
        return configuration;
    }

    public static ServerProcess Start(Options options, Workload workload, string scratch, string configuration)
    {
        string socket = Socket(workload, scratch);
        return ServerProcess.Start(options.Edged, ["run", "--config", configuration], LoadClient.Describe(workload, RequestMode.OipRaw, socket));
    }

    public static string ControlSocket(Workload workload, string scratch) => Path.Combine(scratch, $"control-{workload.Name}.sock");

    /// <summary>The inference socket.</summary>
    public static string Socket(Workload workload, string scratch) => Path.Combine(scratch, $"edged-{workload.Name}.sock");

    private static string Manifest(Workload workload)
    {
        long size = new FileInfo(workload.Graph).Length;
        return $"""
            format = 1
            name = "{workload.Model}"
            version = "1"
            sequence = 1
            security_floor = 0
            created = 2026-11-21T00:00:00Z
            expires = 2036-11-21T00:00:00Z
            description = "Benchmark: {workload.Name}"

            file = [{"{ path = \"model.onnx\", size = "}{size}{" }"}]
            member = [{string.Join(", ", Enumerable.Range(0, workload.Members).Select(member => $"{{ name = \"m{member}\", file = \"model.onnx\" }}"))}]
            {(workload.Members > 1 ? "ensemble.rule = \"mean\"" : "")}

            [[input]]
            name = "{workload.Input}"
            datatype = "FP32"
            shape = [{string.Join(',', workload.Shape)}]
            tensor = "{workload.Input}"

            [[output]]
            name = "{workload.Output}"
            datatype = "FP32"
            shape = [{string.Join(',', workload.OutputShape)}]
            tensor = "{workload.Output}"

            """;
    }

    private static void EdgeCtl(Options options, params string[] arguments) => Run(options.EdgeCtl, arguments);

    private static void Run(string program, params string[] arguments)
    {
        var info = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        using Process process = Process.Start(info) ?? throw new InvalidOperationException($"{program} did not start");
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{output.Result}{errors}");
        }
    }
}
