using System.Diagnostics;
using System.Globalization;
using EdgeDaemon.Benchmarks.Report;
using EdgeDaemon.Benchmarks.Samples;
using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Core.Smoothing.Statistics;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>
/// How many samples a decision takes: exact means over the images of published logs, for the daemon's tables and for the published rules. No trials, no clock
/// (but for the tables' time to build): the same figures on every machine.
/// </summary>
internal static class SmoothingSamples
{
    private const int MaxSamples = 131_072;

    // What a daemon makes of max_samples = 131000 with the default look_period = 100: the tables of Models/ModelSmoothing, and with runs of 100 rows as many samples as are computed.
    private const int LookPeriod = 100;
    private const int DaemonSamples = 131_000;
    private const int FewChoose = 32;

    private static readonly (string Net, double Sigma, double[] Radii)[] Sets =
    [
        ("imagenet_resnet50", 0.25, [0.25, 0.5, 0.75]),
        ("imagenet_resnet50", 0.5, [0.5, 1, 1.5]),
        ("imagenet_resnet50", 1, [1, 2, 3]),
        ("cifar10_resnet110", 0.25, [0.25, 0.5, 0.75]),
        ("cifar10_resnet110", 0.5, [0.5, 1, 1.5]),
    ];

    public static void Measure(Options options, ReportFiles report)
    {
        string folder = Path.Combine(options.Conformance, "cohen-logs");
        if (!Directory.Exists(folder))
        {
            Console.Error.WriteLine($"skipped: smoothing-samples; {folder} does not exist");
            return;
        }

        LookSchedule hundreds = LookSchedule.Every(100, 131_100);
        LookSchedule daemon = LookSchedule.Every(LookPeriod, DaemonSamples);
        LookSchedule growing = LookSchedule.Growing(32, 0.02, MaxSamples);
        Console.WriteLine("Mean samples an image, selection included (100, the last column 32); in brackets the certified share. Both sides 0.001.");
        Console.WriteLine("| set | p0 | fixed | CertifyAdp | union bound | betting | mixture, looks every 100 | edged | edged, 32 choose | looks that grow apart | certify / futility error | built, ms |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach ((string net, double sigma, double[] radii) in Sets)
        {
            string file = Path.Combine(folder, CohenLog.Name(net, sigma));
            SortedDictionary<double, int> images = CohenLog.Read(file, sigma);
            foreach (double radius in radii)
            {
                double p0 = CertifiedRadius.Probability(radius, sigma);
                var parameters = new BoundaryParameters(p0, SampleRules.Alpha, SampleRules.Alpha, daemon);
                long start = Stopwatch.GetTimestamp();
                BoundaryTable table = BoundaryBuilder.Build(parameters);
                double built = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                BoundaryTable mixture = BoundaryBuilder.Build(parameters with { Looks = hundreds }, BettingShape.Instance);
                BoundaryTable apart = BoundaryBuilder.Build(parameters with { Looks = growing });
                (LookSchedule looks, int[] up, int[] down) = SampleRules.Union(p0, MaxSamples);

                OperatingCharacteristic plain = SampleRules.Mean(images, SampleRules.Fixed(p0));
                OperatingCharacteristic adaptive = SampleRules.Mean(images, SampleRules.Adaptive(p0));
                OperatingCharacteristic union = SampleRules.Mean(images, p => OperatingCharacteristic.Of(looks, up, down, p));
                OperatingCharacteristic betting = SampleRules.Mean(images, SampleRules.Betting(p0, MaxSamples));
                OperatingCharacteristic reference = SampleRules.Mean(images, p => OperatingCharacteristic.Of(mixture, p));
                OperatingCharacteristic own = SampleRules.Mean(images, p => OperatingCharacteristic.Of(table, p));
                OperatingCharacteristic sparse = SampleRules.Mean(images, p => OperatingCharacteristic.Of(apart, p));
                double lost = SampleRules.Mean(images, p => OperatingCharacteristic.Of(table, p) with { Certified = OperatingCharacteristic.Of(table, p).Certified * SampleRules.Missed(FewChoose, p) }).Certified;
                string name = string.Create(CultureInfo.InvariantCulture, $"{net.Split('_')[0]} s={sigma} r={radius}");
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {name} | {p0:f4} | {plain.Samples + 100:f0} ({plain.Certified:f4}) | {adaptive.Samples:f0} ({adaptive.Certified:f4}) | {union.Samples + 100:f0} ({union.Certified:f4}) | {betting.Samples + 100:f0} ({betting.Certified:f4}) | {reference.Samples + 100:f0} ({reference.Certified:f4}) | {own.Samples + 100:f0} ({own.Certified:f4}) | {own.Samples + FewChoose:f0} (-{lost:g1}) | {sparse.Samples + 100:f0} ({sparse.Certified:f4}) | {table.CertifyError:f7} / {table.FutilityError:f7} | {built:f0} |"));

                double mean = own.Samples + SampleRules.Selection;
                double ratio = mean / (betting.Samples + SampleRules.Selection);
                report.Add(new Finding(
                    $"samples a decision, {name}", "samples", plain.Samples + SampleRules.Selection, adaptive.Samples, mean, "edged / betting", new Interval(ratio, ratio, ratio), 1, AtMost: true));
                report.Add(new Finding($"error spent, {name}", "per mille", null, null, 1000 * table.CertifyError, "of alpha", Exactly(table.CertifyError / SampleRules.Alpha), 1, AtMost: true));
                report.Add(new Finding($"certified share, {name}", "", plain.Certified, adaptive.Certified, own.Certified, "edged - fixed", Exactly(own.Certified - plain.Certified), -0.003, AtMost: false));
                if (net.StartsWith("imagenet", StringComparison.Ordinal) && sigma == 0.5 && radius == 0.5)
                {
                    report.Add(new Finding($"samples a decision, {name}, the step's target", "samples", plain.Samples + SampleRules.Selection, adaptive.Samples, mean, "samples", Exactly(mean), 1700, AtMost: true));
                }
            }
        }
    }

    private static Interval Exactly(double figure) => new(figure, figure, figure);
}
