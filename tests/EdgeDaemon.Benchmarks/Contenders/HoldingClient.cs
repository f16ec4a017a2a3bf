using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace EdgeDaemon.Benchmarks.Contenders;

/// <summary>bench-load --hold: many connections in a process of their own, from its start, which waits until they are there, to its end.</summary>
internal sealed class HoldingClient : IDisposable
{
    private readonly Process _process;
    private bool _ended;

    private HoldingClient(Process process) => _process = process;

    /// <summary>A flood: as many connections as it gets, none of which asks. Returns when the first was cut, or when all are open.</summary>
    /// <param name="options">Where the programs are.</param>
    /// <param name="workload">Whose daemon it is.</param>
    /// <param name="socket">Where it listens.</param>
    /// <param name="connections">Kept open, or tried for.</param>
    /// <param name="rate">Connections a second that are opened once all were tried.</param>
    /// <param name="user">Whose flood it is.</param>
    public static HoldingClient Flood(Options options, Workload workload, string socket, int connections, double rate, int user) => Start(
        new ProcessStartInfo("setpriv", [$"--reuid={user}", "--clear-groups", options.Load, .. Arguments(workload, socket, connections), "--rate", rate.ToString(CultureInfo.InvariantCulture)]));

    /// <summary>Connections that have asked once and are idle. Returns when all are; over TLS where there are certificates.</summary>
    public static HoldingClient Idle(Options options, Workload workload, string address, int connections, string? certificates) => Start(
        new ProcessStartInfo(options.Load, [.. Arguments(workload, address, connections), .. certificates is null ? Array.Empty<string>() : ["--certificates", certificates]]));

    /// <summary>Closes all; how many were opened and how many were cut. An idle one that was cut is an error.</summary>
    public (long Opened, long Cut) End()
    {
        _ended = true;
        _process.StandardInput.Close();
        string output = _process.StandardOutput.ReadToEnd();
        _process.WaitForExit();
        if (_process.ExitCode != 0)
        {
            throw new InvalidOperationException($"bench-load --hold ended with {_process.ExitCode}");
        }

        using JsonDocument document = JsonDocument.Parse(output);
        return (document.RootElement.GetProperty("opened").GetInt64(), document.RootElement.GetProperty("cut").GetInt64());
    }

    public void Dispose()
    {
        if (!_ended)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private static string[] Arguments(Workload workload, string address, int connections) =>
    [
        "--hold", "yes", "--mode", "oip-raw", "--socket", address, "--model", workload.Model, "--input", workload.Input, "--output", workload.Output,
        "--shape", string.Join(',', workload.Shape), "--connections", connections.ToString(CultureInfo.InvariantCulture),
    ];

    private static HoldingClient Start(ProcessStartInfo info)
    {
        info.RedirectStandardInput = true;
        info.RedirectStandardOutput = true;
        Process process = Process.Start(info) ?? throw new InvalidOperationException($"{info.FileName} did not start");
        string? first = process.StandardOutput.ReadLine();
        return first == "full" ? new HoldingClient(process) : throw new InvalidOperationException($"bench-load --hold says {first ?? "nothing"}");
    }
}
