using System.Diagnostics;
using System.Globalization;
using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>
/// <c>edgectl bundle verify</c> over a signed bundle of 1 GiB, beside <c>openssl dgst -sha256</c> over the same file, each a process of its own, its start
/// included; and how much more memory it takes for that bundle than for one of a megabyte.
/// </summary>
internal static class BundleVerification
{
    private const long Large = 1L << 30;
    private const long Small = 1L << 20;
    private const double Mebibyte = 1 << 20;

    public static void Measure(Options options, string scratch, ReportFiles report)
    {
        string key = Path.Combine(scratch, "release.key"), trust = Path.Combine(scratch, "trust.toml");
        Run(options.EdgeCtl, "keygen", "--out", key, "--trust", trust, "--name", "bench", "--models", "*");
        string large = Bundle(options, scratch, "large", Large, key), small = Bundle(options, scratch, "small", Small, key);
        List<double> own = [], other = [], growth = [];
        for (int pair = 0; pair < options.Pairs + 1; pair++)
        {
            (double verify, long most) = Run(options.EdgeCtl, "bundle", "verify", large, "--trust", trust);
            (double hash, _) = Run("openssl", "dgst", "-sha256", Path.Combine(large, "content", "weights.bin"));
            (_, long least) = Run(options.EdgeCtl, "bundle", "verify", small, "--trust", trust);

            // The first round warms the pages.
            if (pair > 0)
            {
                own.Add(Large / Mebibyte / verify);
                other.Add(Large / Mebibyte / hash);
                growth.Add((most - least) / Mebibyte);
            }
        }

        report.Add(new Finding(
            "verification of 1 GiB", "MiB/s", Interval.MedianOf([.. other]), null, Interval.MedianOf([.. own]), "edgectl / openssl", Interval.Of([.. own.Zip(other, (a, b) => a / b)]), 0.85, AtMost: false));
        report.Add(new Finding("verification of 1 GiB, memory over that of 1 MiB", "MiB", null, null, Interval.MedianOf([.. growth]), "growth", Interval.Of(growth), 32, AtMost: true));
    }

    private static string Bundle(Options options, string scratch, string name, long size, string key)
    {
        string bundle = Path.Combine(scratch, name), content = Path.Combine(bundle, "content"), model = Path.Combine(options.Root, "tests/models/bench/bench-mlp/content");
        Directory.CreateDirectory(content);
        File.Copy(Path.Combine(model, "mlp.onnx"), Path.Combine(content, "mlp.onnx"));
        File.WriteAllText(
            Path.Combine(content, "model.toml"),
            File.ReadAllText(Path.Combine(model, "model.toml")).Replace(
                "[[member]]", string.Create(CultureInfo.InvariantCulture, $"[[file]]\npath = \"weights.bin\"\nsize = {size}\n\n[[member]]"), StringComparison.Ordinal));
        using (FileStream weights = File.Create(Path.Combine(content, "weights.bin")))
        {
            byte[] block = new byte[Small];
            var random = new Random(20261121);
            for (long written = 0; written < size; written += block.Length)
            {
                random.NextBytes(block);
                weights.Write(block);
            }
        }

        Run(options.EdgeCtl, "bundle", "sign", bundle, "--key", key);
        return bundle;
    }

    // VmHWM only grows, so the last reading before the end is short of the peak by one reading's time at most.
    private static (double Seconds, long PeakBytes) Run(string program, params string[] words)
    {
        long start = Stopwatch.GetTimestamp(), peak = 0;
        using Process process = Process.Start(new ProcessStartInfo(program, words) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        while (!process.WaitForExit(1))
        {
            peak = Math.Max(peak, HighWater(process.Id));
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return process.ExitCode == 0 ? (seconds, peak) : throw new InvalidOperationException($"{program} {string.Join(' ', words)}: {output.Result}{errors.Result}");
    }

    private static long HighWater(int process)
    {
        try
        {
            string? line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
        }
        catch (Exception ended) when (ended is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
