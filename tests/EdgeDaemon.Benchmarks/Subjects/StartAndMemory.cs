using EdgeDaemon.Benchmarks.Contenders;
using EdgeDaemon.Benchmarks.Load;
using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>From starting the process to its first answer, and what it holds in memory then and after work (MLP: all of it is the server's).</summary>
internal static class StartAndMemory
{
    private const double Mebibyte = 1 << 20;

    public static void Measure(Options options, Workload workload, string scratch, ReportFiles report)
    {
        string answer = Path.Combine(scratch, $"{workload.Name}.answer");
        LoadClient.Raw(options, workload, 1, answer);
        string? configuration = options.HasEdged ? EdgedServer.Prepare(options, workload, scratch) : null;
        List<Sample> bare = [], edged = [];
        if (configuration is not null)
        {
            // The first start of a release on a device loads it in a child first; what is compared are all later ones.
            using ServerProcess first = EdgedServer.Start(options, workload, scratch, configuration);
        }

        for (int pair = 0; pair < options.Pairs; pair++)
        {
            // Who is first changes from pair to pair: the second finds warmer caches.
            for (int turn = 0; turn < 2; turn++)
            {
                if ((pair + turn) % 2 == 0)
                {
                    bare.Add(Once(options, workload, RequestMode.Bare, BareServer.Start(options, workload, scratch), answer));
                }
                else if (configuration is not null)
                {
                    edged.Add(Once(options, workload, RequestMode.OipRaw, EdgedServer.Start(options, workload, scratch, configuration), answer));
                }
            }
        }

        if (options.Subjects.Contains("start"))
        {
            Row("start to first answer", "ms", sample => sample.Start, "edged / bare", (own, other) => own / other, 1.25);
        }

        if (options.Subjects.Contains("memory"))
        {
            Row("resident after the first answer", "MiB", sample => sample.First, "edged - bare", (own, other) => own - other, 15);
            Row("resident after a slice with 8 clients", "MiB", sample => sample.Worked, "edged - bare", (own, other) => own - other, 15);
        }

        void Row(string what, string unit, Func<Sample, double> value, string name, Func<double, double, double> compare, double limit)
        {
            double[] others = [.. bare.Select(value)];
            double[] own = [.. edged.Select(value)];
            report.Add(new Finding(
                $"{what}, {workload.Name}", unit, null, Interval.MedianOf(others), own.Length == 0 ? null : Interval.MedianOf(own), name,
                own.Length == 0 ? null : Interval.Of([.. own.Zip(others, compare)]), limit, AtMost: true));
        }
    }

    private static Sample Once(Options options, Workload workload, RequestMode mode, ServerProcess server, string answer)
    {
        using (server)
        {
            double first = server.ResidentBytes / Mebibyte;
            double worked = first;
            if (options.Subjects.Contains("memory"))
            {
                LoadClient.Served(options with { Slice = options.Slice / 2 }, workload, server, mode, 8, answer);
                worked = server.ResidentBytes / Mebibyte;
            }

            return new Sample(server.FirstAnswer.TotalMilliseconds, first, worked);
        }
    }

    /// <summary>Milliseconds; MiB; MiB.</summary>
    private sealed record Sample(double Start, double First, double Worked);
}
