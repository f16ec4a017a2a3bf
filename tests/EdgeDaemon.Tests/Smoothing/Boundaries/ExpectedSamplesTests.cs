using EdgeDaemon.Benchmarks.Samples;
using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Core.Smoothing.Statistics;

namespace EdgeDaemon.Tests.Smoothing.Boundaries;

/// <summary>
/// A share of the report that tests/EdgeDaemon.Benchmarks makes (subject smoothing-samples): exact means over the images of published logs, with the samples that
/// choose the class.
/// </summary>
[TestClass]
public sealed class ExpectedSamplesTests
{
    private const int Selection = SampleRules.Selection;

    // A daemon's, of the default look_period and max_samples = 131000.
    private static readonly LookSchedule Looks = LookSchedule.Every(100, 131_000);

    [TestMethod]
    [DataRow(0.5, 0.5, 1700)]
    [DataRow(0.5, 1.5, 6450)]
    [DataRow(1.0, 1.0, 1250)]
    public void Few_samples_certify_as_many_images_as_a_hundred_thousand(double sigma, double radius, double limit)
    {
        string file = Path.Combine(Conformance.Folder("cohen-logs"), CohenLog.Name("imagenet_resnet50", sigma));
        SortedDictionary<double, int> images = CohenLog.Read(file, sigma);
        double p0 = CertifiedRadius.Probability(radius, sigma);
        BoundaryTable table = BoundaryBuilder.Build(new BoundaryParameters(p0, SampleRules.Alpha, SampleRules.Alpha, Looks));
        Assert.IsLessThanOrEqualTo(SampleRules.Alpha, table.CertifyError);

        OperatingCharacteristic own = SampleRules.Mean(images, p => OperatingCharacteristic.Of(table, p));
        OperatingCharacteristic all = SampleRules.Mean(images, SampleRules.Fixed(p0));
        OperatingCharacteristic adaptive = SampleRules.Mean(images, SampleRules.Adaptive(p0));
        Assert.IsLessThanOrEqualTo(limit, own.Samples + Selection, $"{own}");
        Assert.IsLessThan(adaptive.Samples, own.Samples + Selection);
        Assert.IsGreaterThanOrEqualTo(all.Certified - 0.003, own.Certified, $"{own} beside {all}");
    }

    // What the shape gains over the reference's, at looks that are no fewer.
    [TestMethod]
    public void The_likelihood_ratio_beats_the_mixture()
    {
        SortedDictionary<double, int> images = CohenLog.Read(Path.Combine(Conformance.Folder("cohen-logs"), CohenLog.Name("imagenet_resnet50", 0.5)), 0.5);
        var parameters = new BoundaryParameters(CertifiedRadius.Probability(1, 0.5), SampleRules.Alpha, SampleRules.Alpha, LookSchedule.Growing(32, 0.02, 131_072));
        BoundaryTable ratio = BoundaryBuilder.Build(parameters);
        BoundaryTable mixture = BoundaryBuilder.Build(parameters with { Looks = LookSchedule.Every(100, 131_100) }, BettingShape.Instance);
        OperatingCharacteristic own = SampleRules.Mean(images, p => OperatingCharacteristic.Of(ratio, p));
        OperatingCharacteristic reference = SampleRules.Mean(images, p => OperatingCharacteristic.Of(mixture, p));
        Assert.IsLessThan(reference.Samples * 0.98, own.Samples);
        Assert.IsGreaterThanOrEqualTo(reference.Certified, own.Certified);
    }
}
