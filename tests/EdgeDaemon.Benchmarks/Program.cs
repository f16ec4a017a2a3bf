using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using EdgeDaemon.Benchmarks;
using EdgeDaemon.Benchmarks.Report;
using EdgeDaemon.Benchmarks.Subjects;
using EdgeDaemon.Native.Onnx;

[assembly: SupportedOSPlatform("linux")]

// Raw ONNX Runtime, a bare Kestrel program and edged side by side, in interleaved rounds. README.md says what each figure means.
Options options;
Baseline? baseline;
try
{
    options = Options.Parse(args);

    // What is wrong with it is said before an hour's run, not behind it.
    Baseline? there = options.Check || (options.WriteBaseline && File.Exists(options.Baseline)) ? Baseline.Read(options.Baseline) : null;
    baseline = options.Check ? there : null;
}
catch (Exception wrong) when (wrong is ArgumentException or IOException)
{
    Console.Error.WriteLine(wrong.Message);
    return 2;
}

if (!options.HasEdged)
{
    Console.Error.WriteLine($"{options.Edged} or edgectl does not exist: only raw and bare are measured");
}

string scratch = Directory.CreateTempSubdirectory("edged-bench-").FullName;
var report = new ReportFiles(options.Output);
long start = Stopwatch.GetTimestamp();
try
{
    if (options.Subjects.Contains("order"))
    {
        MethodOrder.Write(options, scratch);
        if (options.Subjects.Count == 1)
        {
            return 0;
        }
    }

    if (options.Subjects.Contains("size"))
    {
        BinarySize.Measure(options, report);
    }

    if (options.Subjects.Contains("walk"))
    {
        ModelWalk.Measure(options, report);
    }

    if (options.Subjects.Contains("smoothing-samples"))
    {
        SmoothingSamples.Measure(options, report);
    }

    if (options.Subjects.Contains("verify") && options.HasEdged)
    {
        BundleVerification.Measure(options, scratch, report);
    }

    if (options.Subjects.Contains("start") || options.Subjects.Contains("memory"))
    {
        StartAndMemory.Measure(options, Workload.Mlp(options), scratch, report);
    }

    if (options.Subjects.Contains("cpu"))
    {
        AddedCpu.Measure(options, Workload.Mlp(options), scratch, report);
        AddedCpu.Measure(options, Workload.Cnn(options), scratch, report);
    }

    if (options.Subjects.Contains("throughput"))
    {
        if (File.Exists(options.LightResNet))
        {
            Throughput.Measure(options, Workload.LightResNet(options), scratch, report);
        }
        else
        {
            Console.Error.WriteLine($"skipped: throughput; {options.LightResNet} does not exist");
        }
    }

    if (options.Subjects.Contains("admission") && options.HasEdged)
    {
        AdmissionCost.Measure(options, Workload.Mlp(options), scratch, report);
        AdmissionCost.Measure(options, Workload.Cnn(options), scratch, report);
    }

    if (options.Subjects.Contains("audit"))
    {
        AuditRates.Measure(options, scratch, report);
        AuditVerification.Measure(options, scratch, report);
    }

    if (options.Subjects.Contains("auditing") && options.HasEdged)
    {
        AuditCost.Measure(options, Workload.Mlp(options), scratch, report);
        AuditCost.Measure(options, Workload.Cnn(options), scratch, report);
    }

    if (options.Subjects.Contains("overload") && options.HasEdged)
    {
        if (File.Exists(options.LightResNet))
        {
            Overload.Measure(options, Workload.LightResNet(options), scratch, report);
        }

        Overload.MeasureShares(options, Workload.Cnn(options), scratch, report);
    }

    if (options.Subjects.Contains("idle") && options.HasEdged)
    {
        IdleConnections.Measure(options, Workload.Mlp(options), scratch, report);
    }

    if (options.Subjects.Contains("client") && options.HasEdged)
    {
        ClientLibrary.Measure(options, Workload.Mlp(options), scratch, report);
    }

    if (options.Subjects.Contains("clearing") || options.Subjects.Contains("scheduler"))
    {
        using OnnxRuntime runtime = OnnxRuntime.Load(options.Library, OnnxLibraryPins.Current, _ => { });
        if (options.Subjects.Contains("clearing"))
        {
            Clearing.Measure(options, runtime, report);
        }

        if (options.Subjects.Contains("scheduler") && options.HasEdged)
        {
            SchedulerCost.Measure(options, runtime, Workload.Mlp(options), scratch, report);
            SchedulerCost.Measure(options, runtime, Workload.Cnn(options), scratch, report);
        }
    }

    if (options.Subjects.Contains("ensemble") && options.HasEdged)
    {
        if (File.Exists(options.LightResNet))
        {
            Ensembles.Measure(options, Workload.LightResNet(options), scratch, report, held: true);
        }

        Ensembles.Measure(options, Workload.Cnn(options), scratch, report, held: false);
    }

    if (options.Subjects.Contains("batching") && options.HasEdged)
    {
        SharedRuns.Measure(options, Workload.Mlp(options), 1, 1, scratch, report);
        SharedRuns.Measure(options, Workload.Cnn(options), 1, 1, scratch, report);
        SharedRuns.Measure(options, Workload.Cnn(options), 1, 0, scratch, report);
        SharedRuns.Measure(options, Workload.Cnn(options), 16, 1, scratch, report);
    }

    if (options.Subjects.Contains("smoothing") && options.HasEdged)
    {
        Smoothing.Measure(options, Workload.Cnn(options), 100, 100, 1900, 1.15, scratch, report);
        if (File.Exists(options.LightResNet))
        {
            Smoothing.Measure(options, Workload.LightResNet(options), 1, 10, 70, 1.03, scratch, report);
        }
    }

    if (options.Subjects.Contains("large"))
    {
        LargeInputs.Measure(options, scratch, report);
    }

    if (options.Subjects.Contains("json"))
    {
        JsonRate.Measure(options, scratch, report);
    }

    if (options.Subjects.Contains("peers"))
    {
        PeerRates.Measure(options, scratch, report);
    }

    if (options.Subjects.Contains("grpc"))
    {
        GrpcRates.Measure(options, scratch, report);
    }

    if (options.Subjects.Contains("tls") && options.HasEdged)
    {
        MutualTls.Measure(options, scratch, report);
    }

    if (options.Subjects.Contains("noise"))
    {
        NoiseRate.Measure(options, report);
    }

    if (options.Subjects.Contains("allocation"))
    {
        Allocation.Measure(options, Workload.Mlp(options), scratch, report);
    }
}
finally
{
    Directory.Delete(scratch, recursive: true);
}

string processor = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown";
Console.WriteLine();
Console.WriteLine(report.Write(string.Create(
    CultureInfo.InvariantCulture,
    $"{Environment.ProcessorCount} cores ({processor}), {options.Pairs} rounds of {options.Slice} s slices, {Stopwatch.GetElapsedTime(start).TotalMinutes:F0} minutes. Columns raw, other (the bare program, or the one that the compared figure names), edged: medians (added CPU: raw is its whole cost, the others what they add). Absolute values are this machine's; the compared column is what carries over.\n")));
if (options.WriteBaseline)
{
    Baseline.Write(options.Baseline, report.Findings);
}

if (baseline is null)
{
    return 0;
}

Comparison comparison = baseline.Compare(report.Findings);
foreach (string line in comparison.Unknown)
{
    Console.WriteLine($"no baseline: {line}");
}

foreach (string line in comparison.Unmeasured)
{
    Console.WriteLine($"not measured: {line}");
}

foreach (string line in comparison.Worse)
{
    Console.Error.WriteLine($"worse: {line}");
}

Console.WriteLine($"{comparison.Held} figures held, {comparison.Worse.Count} worse, {comparison.Unknown.Count} without a baseline, {comparison.Unmeasured.Count} of the baseline not measured");
if (comparison.Held + comparison.Worse.Count == 0)
{
    Console.Error.WriteLine($"nothing that was measured is in {options.Baseline}: this check has shown nothing");
}

return comparison.Passes ? 0 : 1;
