using System.Diagnostics;
using EdgeDaemon.Benchmarks.Contenders;
using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>
/// Ten thousand connections that have asked once and are silent since: what each takes of the daemon's memory, whether the daemon still answers
/// others, and what they cost while nothing happens. Fresh daemons, so that no memory is there from before.
/// </summary>
internal static class IdleConnections
{
    private const int Count = 10_000;
    private const int MostRounds = 3;

    // Files that either process has open besides.
    private const int Spare = 500;

    private const string Limits = """
        max_connections = 20000
        max_source_connections = 20000
        idle_timeout_seconds = 600
        """;

    public static void Measure(Options options, Workload workload, string scratch, ReportFiles report)
    {
        int count = Math.Min(Count, Descriptors() - Spare);
        if (count < Count)
        {
            Console.Error.WriteLine($"idle: scaled to {count} connections; a process may have no more descriptors here (ulimit -n)");
        }

        string certificates = TlsServers.Certificates(options, scratch);
        foreach (bool tls in (bool[])[false, true])
        {
            List<double> bytes = [], health = [], idle = [];
            for (int round = 0; round < Math.Min(MostRounds, options.Pairs); round++)
            {
                Workload named = workload with { Name = $"{workload.Name}-idle-{(tls ? "tls" : "unix")}" };
                using ServerProcess edged = tls
                    ? TlsServers.StartEdged(options, named, scratch, certificates, Limits)
                    : EdgedServer.Start(options, named, scratch, EdgedServer.Prepare(options, named, scratch, $"[limits]\n{Limits}"));

                // What the first connections bring along (code, pools, the engine's arena) is there before the first of them is counted.
                string socket = EdgedServer.Socket(named, scratch);
                LoadClient.Served(options, named, edged, socket, 8);
                long before = edged.ResidentBytes;
                using HoldingClient held = HoldingClient.Idle(options, named, tls ? TlsServers.EdgedAddress : socket, count, tls ? certificates : null);
                TimeSpan cpu = ProcessClock.Of(edged.Id);
                var time = Stopwatch.StartNew();
                Thread.Sleep(TimeSpan.FromSeconds(1));
                idle.Add(100 * (ProcessClock.Of(edged.Id) - cpu) / time.Elapsed);
                bytes.Add((edged.ResidentBytes - before) / (double)count);
                health.Add(Overload.SlowestHealth(socket, 1));
                held.End();
            }

            string what = $"{count} idle connections, {(tls ? "mutual TLS" : "Unix socket")}";
            report.Add(new Finding($"memory of one of {what}", "bytes", null, null, Interval.MedianOf([.. bytes]), "resident, with - without, each", Interval.Of(bytes), Finding.NoTarget, AtMost: true));
            report.Add(new Finding($"CPU that {what} take", "% of a core", null, null, Interval.MedianOf([.. idle]), "of a core", Interval.Of(idle), Finding.NoTarget, AtMost: true));
            report.Add(new Finding($"slowest health beside {what}", "ms", null, null, Interval.MedianOf([.. health]), "slowest", Interval.Of(health), 250, AtMost: true));
        }
    }

    /// <summary>Open files that a process started here may have.</summary>
    private static int Descriptors()
    {
        string line = File.ReadLines("/proc/self/limits").First(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        string soft = line["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return int.TryParse(soft, out int files) ? files : int.MaxValue;
    }
}
