using System.Diagnostics;
using System.Globalization;
using EdgeDaemon.Benchmarks.Load;

namespace EdgeDaemon.Benchmarks.Contenders;

/// <summary>Runs bench-load and bench-bare raw for one slice.</summary>
internal static class LoadClient
{
    public static Arguments Describe(Workload workload, RequestMode mode, string socket) => new(
        mode, socket, workload.Model, workload.Input, workload.Shape, workload.Output, 1, 0, 0, 0, 0, null);

    /// <summary>The C API in its own process, at most one caller a core. The answer it gives is kept for the others to be compared with.</summary>
    public static Slice Raw(Options options, Workload workload, int clients, string answer) => Run(options.Bare,
        "raw", "--library", options.Library, "--model", workload.Graph,
        "--callers", Text(Math.Min(clients, Environment.ProcessorCount)), "--seconds", Text(options.Slice), "--warmup", Text(Warmup(options)), "--answer", answer);

    public static Slice Served(Options options, Workload workload, ServerProcess server, RequestMode mode, int clients, string answer) =>
        Load(options, workload, server, mode, clients, answer, "--seconds", Text(options.Slice), "--warmup", Text(Warmup(options)));

    /// <summary>Over mutual TLS at an address.</summary>
    public static Slice Tls(Options options, Workload workload, int server, string address, RequestMode mode, int clients, string certificates, string? fresh) => Run(options.Load,
        [
            "--mode", mode == RequestMode.Bare ? "bare" : "oip-raw", "--socket", address, "--certificates", certificates, "--model", workload.Model, "--input", workload.Input, "--output", workload.Output,
            "--shape", string.Join(',', workload.Shape), "--connections", Text(clients), "--seconds", Text(options.Slice), "--warmup", Text(Warmup(options)), "--server-pid", Text(server),
            .. fresh is null ? Array.Empty<string>() : ["--fresh", fresh],
        ]);

    /// <summary>So many requests in all, one before them, and no answer compared.</summary>
    public static Slice Counted(Options options, Workload workload, ServerProcess server, RequestMode mode, int clients, int requests) =>
        Load(options, workload, server, mode, clients, null, "--requests", Text(requests));

    /// <summary>The same by gRPC's own clients; each is one connection with one call at a time.</summary>
    public static Slice Grpc(Options options, Workload workload, ServerProcess server, int clients, string answer) => Run(options.GrpcLoad,
        "--socket", server.Socket, "--model", workload.Model, "--input", workload.Input, "--shape", string.Join(',', workload.Shape), "--connections", Text(clients),
        "--seconds", Text(options.Slice), "--warmup", Text(Warmup(options)), "--server-pid", Text(server.Id), "--expect", answer);

    /// <summary>One call; false while nothing answers.</summary>
    public static bool GrpcAnswers(Options options, Workload workload, string socket)
    {
        if (!File.Exists(socket))
        {
            return false;
        }

        string[] arguments = ["--socket", socket, "--model", workload.Model, "--input", workload.Input, "--shape", string.Join(',', workload.Shape), "--requests", "1"];
        using Process process = Process.Start(new ProcessStartInfo(options.GrpcLoad, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static Slice Load(
        Options options, Workload workload, ServerProcess server, RequestMode mode, int clients, string? answer, params string[] extent) => Run(options.Load,
        [
            "--mode", mode switch { RequestMode.Bare => "bare", RequestMode.OipRaw => "oip-raw", RequestMode.OipBinary => "oip-binary", _ => "oip-json" },
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
