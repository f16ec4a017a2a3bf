using System.Diagnostics;
using System.Globalization;
using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>
/// Input + exact Gaussian noise, written as a row of the batch, on one core: the published code for the baseline processor and for this one, beside numpy's
/// float32 normals (PCG64, into an array that is there), which are only drawn. Each by the processor's time of its own process; rounds interleaved.
/// </summary>
internal static class NoiseRate
{
    private const double BaselineAtLeast = 0.2, NativeAtLeast = 0.5, TimesNumpy = 5;

    private const string Numpy =
        """
        import sys, time, numpy
        generator, row = numpy.random.default_rng(), numpy.empty(3072, dtype=numpy.float32)
        for _ in range(50): generator.standard_normal(out=row, dtype=numpy.float32)
        rows, start, end = 0, time.process_time(), time.perf_counter() + float(sys.argv[1])
        while time.perf_counter() < end:
            for _ in range(32): generator.standard_normal(out=row, dtype=numpy.float32)
            rows += 32
        print("numpy 1 PCG64", rows * 3072 / (time.process_time() - start) / 1e9, "used")
        """;

    public static void Measure(Options options, ReportFiles report)
    {
        var rates = new Dictionary<string, List<double>>();
        (string Name, string Program, string[] Arguments)[] contenders =
        [
            ("numpy", "/usr/bin/python3", ["-c", Numpy]),
            ("baseline", Path.Combine(options.Contenders, "bench-noise"), []),
            ("native", Path.Combine(options.Contenders, "native", "bench-noise"), []),
        ];
        for (int round = 0; round <= options.Pairs; round++)
        {
            for (int turn = 0; turn < contenders.Length; turn++)
            {
                (string name, string program, string[] arguments) = contenders[(turn + round) % contenders.Length];
                foreach (string[] words in Lines(program, [.. arguments, options.Slice.ToString(CultureInfo.InvariantCulture)]))
                {
                    if (round > 0 && words.Length == 5)
                    {
                        string key = name == "numpy" ? name : $"{words[0]}, sigma {words[1]}, {name}";
                        (rates.TryGetValue(key, out List<double>? list) ? list : rates[key] = []).Add(double.Parse(words[3], CultureInfo.InvariantCulture));
                    }
                }
            }
        }

        double[]? numpy = rates.Remove("numpy", out List<double>? drawn) && drawn.Count == options.Pairs ? [.. drawn] : null;
        foreach ((string what, List<double> own) in rates)
        {
            double limit = what.EndsWith("native", StringComparison.Ordinal) ? NativeAtLeast : BaselineAtLeast;
            double? other = numpy is null ? null : Interval.MedianOf(numpy);
            report.Add(new Finding($"noise, {what}", "G/s", null, other, Interval.MedianOf([.. own]), "G/s of a core", Interval.Of(own), limit, AtMost: false));
            report.Add(new Finding(
                $"noise, {what}", "G/s", null, other, Interval.MedianOf([.. own]), "ours / numpy's normals", numpy is null ? null : Interval.Of([.. own.Zip(numpy, (a, b) => a / b)]), TimesNumpy, AtMost: false));
        }
    }

    // Nothing where a contender is missing: its rows then are.
    private static List<string[]> Lines(string program, string[] arguments)
    {
        List<string[]> lines = [];
        if (!File.Exists(program))
        {
            return lines;
        }

        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        while (process.StandardOutput.ReadLine() is string line)
        {
            lines.Add(line.Split(' '));
        }

        process.WaitForExit();
        return lines;
    }
}
