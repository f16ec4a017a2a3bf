using System.Diagnostics;
using System.Globalization;
using EdgeDaemon.Benchmarks.Load;

namespace EdgeDaemon.Benchmarks.Contenders;

/// <summary>Runs bench-load and bench-bare raw for one slice.</summary>
internal static class LoadClient
{
    public static Arguments Describe(Workload workload, RequestMode mode, string socket) => new(
        mode, socket, workload.Model, workload.Input, workload.Shape, workload.Output, 1, 0, 0, 0, 0, null);

    /// <summary>The C API in its own process, at most one caller a core, so many rows a run. The answer it gives is kept for the others to be compared with.</summary>
    public static Slice Raw(Options options, Workload workload, int clients, string answer, int batch = 1) => Run(options.Bare,
        "raw", "--library", options.Library, "--model", workload.Graph,
        "--callers", Text(Math.Min(clients, Environment.ProcessorCount)), "--seconds", Text(options.Slice), "--warmup", Text(Warmup(options)), "--batch", Text(batch), "--answer", answer);

    public static Slice Served(Options options, Workload workload, ServerProcess server, RequestMode mode, int clients, string? answer) =>
        Load(options, workload, server, mode, clients, answer, "--seconds", Text(options.Slice), "--warmup", Text(Warmup(options)));

    /// <summary>The same over a Unix socket that is not the one the server was started with; no answer compared.</summary>
    public static Slice Served(Options options, Workload workload, ServerProcess server, string socket, int clients) => Run(options.Load,
        "--mode", "oip-raw", "--socket", socket, "--model", workload.Model, "--input", workload.Input, "--output", workload.Output, "--shape", string.Join(',', workload.Shape),
        "--connections", Text(clients), "--seconds", Text(options.Slice), "--warmup", Text(Warmup(options)), "--server-pid", Text(server.Id));

    /// <summary>Calls through the client library (src/EdgeDaemon.Client), all of one process and one client object.</summary>
    public static Slice Library(Options options, Workload workload, ServerProcess server, bool grpc, int calls, string answer) => Run(options.Client,
        "--wire", grpc ? "grpc" : "rest", "--socket", server.Socket, "--model", workload.Model, "--input", workload.Input, "--output", workload.Output, "--shape", string.Join(',', workload.Shape),
        "--calls", Text(calls), "--seconds", Text(options.Slice), "--warmup", Text(Warmup(options)), "--server-pid", Text(server.Id), "--expect", answer);

    /// <summary>Over mutual TLS at an address.</summary>
    public static Slice Tls(Options options, Workload workload, int server, string address, RequestMode mode, int clients, string certificates, string? fresh) => Run(options.Load,
        [
            "--mode", mode == RequestMode.Bare ? "bare" : "oip-raw", "--socket", address, "--certificates", certificates, "--model", workload.Model, "--input", workload.Input, "--output", workload.Output,
            "--shape", string.Join(',', workload.Shape), "--connections", Text(clients), "--seconds", Text(options.Slice), "--warmup", Text(Warmup(options)), "--server-pid", Text(server),
            .. fresh is null ? Array.Empty<string>() : ["--fresh", fresh],
        ]);

    /// <summary>One that goes on beside others: as another user, more than is answered, or both. Its result is read when it has ended.</summary>
    /// <param name="options">For how long.</param>
    /// <param name="workload">What is asked.</param>
    /// <param name="server">Who is asked.</param>
    /// <param name="clients">Connections.</param>
    /// <param name="rate">Requests a second in all; 0: one after the other.</param>
    /// <param name="user">Whose; null for this process's.</param>
    public static Func<Slice> Begin(Options options, Workload workload, ServerProcess server, int clients, double rate = 0, int? user = null)
    {
        string[] arguments =
        [
            "--mode", "oip-binary", "--socket", server.Socket, "--model", workload.Model, "--input", workload.Input, "--output", workload.Output, "--shape", string.Join(',', workload.Shape),
            "--connections", Text(clients), "--seconds", Text(options.Slice), "--warmup", Text(Warmup(options)), "--server-pid", Text(server.Id), "--rate", Text(rate), "--tolerant", "yes",
        ];
        var info = user is { } other
            ? new ProcessStartInfo("setpriv", [$"--reuid={other}", "--clear-groups", options.Load, .. arguments])
            : new ProcessStartInfo(options.Load, arguments);
        info.RedirectStandardOutput = true;
        Process process = Process.Start(info) ?? throw new InvalidOperationException($"{options.Load} did not start");
        return () =>
        {
            using (process)
            {
                string output = process.StandardOutput.ReadToEnd();
                process.WaitForExit();
                return process.ExitCode == 0 ? Slice.Parse(output) : throw new InvalidOperationException($"bench-load ended with {process.ExitCode}");
            }
        };
    }

    /// <summary>So many requests in all, one before them, and no answer compared.</summary>
    public static Slice Counted(Options options, Workload workload, ServerProcess server, RequestMode mode, int clients, int requests) =>
        Load(options, workload, server, mode, clients, null, "--requests", Text(requests));

    private static Slice Load(
        Options options, Workload workload, ServerProcess server, RequestMode mode, int clients, string? answer, params string[] extent) => Run(options.Load,
        [
            "--mode", mode switch { RequestMode.Bare => "bare", RequestMode.OipRaw => "oip-raw", RequestMode.OipBinary => "oip-binary", RequestMode.Grpc => "grpc", _ => "oip-json" },
            "--socket", server.Socket, "--model", workload.Model, "--input", workload.Input, "--output", workload.Output,
            "--shape", string.Join(',', workload.Shape), "--connections", Text(clients), .. extent, "--server-pid", Text(server.Id),
            .. answer is null ? Array.Empty<string>() : ["--expect", answer],
        ]);

    /// <summary>Seconds: long enough that a fresh raw process has touched its memory before its window opens.</summary>
    private static double Warmup(Options options) => Math.Max(0.2, options.Slice / 4);

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    private static Slice Run(string executable, params string[] arguments)
    {
        var info = new ProcessStartInfo(executable, arguments) { RedirectStandardOutput = true };
        using Process process = Process.Start(info) ?? throw new InvalidOperationException($"{executable} did not start");
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? Slice.Parse(output)
            : throw new InvalidOperationException($"{executable} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}
