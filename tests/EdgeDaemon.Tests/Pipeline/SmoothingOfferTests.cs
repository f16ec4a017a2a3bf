using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Smoothing.Noise;
using EdgeDaemon.Engine.Smoothing;
using EdgeDaemon.Models;
using EdgeDaemon.Pipeline;

namespace EdgeDaemon.Tests.Pipeline;

/// <summary>What is wished for against a release (two sigmas, three radii, two levels), the device and a tenant.</summary>
[TestClass]
public sealed class SmoothingOfferTests
{
    private static readonly Lazy<ModelSmoothing> Model = new(() => Prepare("sigmas = [0.25, 0.5]\nradii = [0.125, 0.5, 1.5]\nalphas = [0.001, 0.01]"));

    [TestMethod]
    public void What_is_left_out_is_what_the_release_says()
    {
        SmoothingQuestion question = Ask("\"certify\": true", Prepare("sigmas = [0.25]\nsamples = 300"));
        Assert.AreEqual((SmoothingMode.Fixed, 0.25, 0.001, 100, 300), (question.Mode, question.Sigma, question.Alpha, question.Selection, question.Samples));
        question = Ask("\"certify\": \"predict\"", Prepare("sigmas = [0.25]\nsamples = 300"));
        Assert.AreEqual((SmoothingMode.Predict, 0, 300), (question.Mode, question.Selection, question.Samples));
    }

    [TestMethod]
    public void A_ladder_has_the_radii_that_were_asked_for_by_the_level_that_is_not_above()
    {
        SmoothingQuestion question = Ask("\"certify\": true, \"sigma\": 0.5, \"radii\": \"0.125,1.5\", \"alpha\": 0.005");
        Assert.AreEqual((SmoothingMode.Sequential, 0.001, 2000), (question.Mode, question.Alpha, question.Samples));
        CollectionAssert.AreEqual(new[] { 0.125, 1.5 }, question.Ladder!.Radii.ToArray());
        Assert.IsTrue(question.Ladder.CertifyError <= 0.001);
        Assert.AreEqual(0.01, Ask("\"certify\": true, \"sigma\": 0.5, \"radius\": 0.125, \"alpha\": 0.01").Alpha);
        Assert.AreEqual(0.005, Ask("\"certify\": true, \"sigma\": 0.5, \"alpha\": 0.005").Alpha, "a fixed number of samples takes any level");
        Assert.AreEqual(3, Ask("\"certify\": true, \"sigma\": 0.5, \"radii\": \"all\"").Ladder!.Count);
        Assert.AreEqual(2, Ask("\"certify\": true, \"sigma\": 0.25, \"radii\": \"all\"").Ladder!.Count, "1.5 is six of these sigmas");
        Assert.AreEqual(400, Ask("\"certify\": true, \"sigma\": 0.5, \"radius\": 0.125, \"max_samples\": 450").Samples, "to the last look");
        Assert.AreEqual(450, Ask("\"certify\": true, \"sigma\": 0.5, \"max_samples\": 450").Samples);
    }

    [TestMethod]
    [DataRow("\"certify\": true", Refusal.SmoothingSigmaNotOffered)]
    [DataRow("\"certify\": true, \"sigma\": 0.3", Refusal.SmoothingSigmaNotOffered)]
    [DataRow("\"certify\": true, \"sigma\": -0.25", Refusal.SmoothingSigmaNotOffered)]
    [DataRow("\"certify\": true, \"sigma\": 0.25, \"radius\": 0.4", Refusal.SmoothingRadiusNotOffered)]
    [DataRow("\"certify\": true, \"sigma\": 0.25, \"radius\": -1", Refusal.SmoothingRadiusNotOffered)]
    [DataRow("\"certify\": true, \"sigma\": 0.25, \"radius\": 1.5", Refusal.SmoothingRadiusNotOffered)]
    [DataRow("\"certify\": true, \"sigma\": 0.25, \"radii\": \"0.125,0.4\"", Refusal.SmoothingRadiusNotOffered)]
    [DataRow("\"certify\": true, \"sigma\": 0.25, \"alpha\": 0.0009", Refusal.SmoothingAlphaOutOfRange)]
    [DataRow("\"certify\": true, \"sigma\": 0.25, \"alpha\": 0.02", Refusal.SmoothingAlphaOutOfRange)]
    [DataRow("\"certify\": true, \"sigma\": 0.25, \"alpha\": 0", Refusal.SmoothingAlphaOutOfRange)]
    [DataRow("\"certify\": true, \"sigma\": 0.25, \"alpha\": 1", Refusal.SmoothingAlphaOutOfRange)]
    [DataRow("\"certify\": true, \"sigma\": 0.25, \"max_samples\": 2001", Refusal.SmoothingSamplesOutOfRange)]
    [DataRow("\"certify\": true, \"sigma\": 0.25, \"radius\": 0.125, \"max_samples\": 99", Refusal.SmoothingSamplesBelowLook)]
    [DataRow("\"certify\": true, \"sigma\": 0.25, \"radius\": 0.125, \"max_samples\": 2001", Refusal.SmoothingSamplesOutOfRange)]
    [DataRow("\"certify\": true, \"sigma\": 0.25, \"radius\": 0.125, \"max_samples\": 1e15", Refusal.SmoothingSamplesOutOfRange)]
    public void What_the_release_does_not_offer_is_refused(string parameters, Refusal expected) => Refused(expected, () => Ask(parameters));

    [TestMethod]
    public void A_release_without_the_table_offers_nothing() => Refused(Refusal.SmoothingNotOffered, () => Ask("\"certify\": true", null));

    [TestMethod]
    [DataRow("[smoothing]\nmax_samples = 1000", "", 1)]
    [DataRow("[smoothing]\nmax_samples = 3000", "", 3)]
    [DataRow("", "max_smoothing_samples = 1000", 1)]
    [DataRow("[smoothing]\nmax_samples = 1000", "max_smoothing_samples = 5000", 1)]
    public void Device_and_tenant_can_only_allow_less(string device, string tenant, int inputs)
    {
        // 1000 for each input, of which 100 choose.
        SmoothingQuestion question = Ask("\"certify\": true, \"sigma\": 0.5, \"radius\": 0.125", Model.Value, inputs, device, tenant);
        Assert.AreEqual(900, question.Samples, "what nobody asked for is cut");
        Assert.AreEqual(900, Ask("\"certify\": true, \"sigma\": 0.5, \"max_samples\": 900", Model.Value, inputs, device, tenant).Samples);
        Refused(Refusal.SmoothingSamplesOutOfRange, () => Ask("\"certify\": true, \"sigma\": 0.5, \"max_samples\": 901", Model.Value, inputs, device, tenant));
        Refused(Refusal.SmoothingLimitsTooFew, () => Ask("\"certify\": true, \"sigma\": 0.5", Model.Value, 100 * inputs, device, tenant));
        Refused(Refusal.SmoothingLimitsTooFew, () => Ask("\"certify\": true, \"sigma\": 0.5, \"radius\": 0.125", Model.Value, 6 * inputs, device, tenant));
        Assert.AreEqual(66, Ask("\"certify\": true, \"sigma\": 0.5", Model.Value, 6 * inputs, device, tenant).Samples, "a fixed number has no looks");
    }

    [TestMethod]
    public void The_least_of_the_three_times_holds()
    {
        Assert.AreEqual(250, Time("\"time_budget_ms\": 250", "", ""));
        Assert.AreEqual(100, Time("\"time_budget_ms\": 250", "[smoothing]\nmax_time_ms = 100", "max_smoothing_ms = 200"));
        Assert.AreEqual(200, Time("\"time_budget_ms\": 250", "[smoothing]\nmax_time_ms = 300", "max_smoothing_ms = 200"));
        Assert.AreEqual(3_600_000, Time("\"sigma\": 1", "", ""));

        static double Time(string parameters, string device, string tenant)
        {
            EdgedSettings settings = Settings(device, tenant);
            return SmoothingOffer.Time(SmoothingWish.Of(SmoothingWishTests.Read("\"certify\": true, " + parameters))!, settings.Smoothing, settings.Tenants[0]).TotalMilliseconds;
        }
    }

    [TestMethod]
    public void A_release_with_a_sigma_whose_noise_fails_its_test_is_not_served()
    {
        using var state = new Folder();
        var tested = new List<double>();
        BundleException refused = Assert.ThrowsExactly<BundleException>(() => Prepare("sigmas = [0.25, 0.5, 1]\nradii = [0.125]", new BoundaryStore(state.Path), Test));
        Assert.AreEqual("the noise of sigma 0.5 fails its self-test: heavy tails", refused.Message);
        CollectionAssert.AreEqual(new[] { 0.25, 0.5 }, tested);
        StringAssert.StartsWith(
            Assert.ThrowsExactly<BundleException>(() => Prepare("sigmas = [0.25]", new BoundaryStore(state.Path), noise => NoiseSelfTest.Live(noise, (_, _, _, _, row) => row.IsEmpty))).Message,
            "the noise of sigma 0.25 fails its self-test: ");
        Assert.IsNotNull(Prepare("sigmas = [0.25]", new BoundaryStore(state.Path)), "control: the noise as it is passes the daemon's own test");

        string? Test(RowNoise noise)
        {
            tested.Add(noise.Scale.Sigma);
            return noise.Scale.Sigma == 0.5 ? "heavy tails" : null;
        }
    }

    [TestMethod]
    public void Tables_are_kept_and_a_spoiled_one_is_made_again()
    {
        using var state = new Folder();
        var first = new BoundaryStore(state.Path);
        Prepare("sigmas = [0.5]\nradii = [0.125, 0.5]", first);
        Assert.AreEqual(2, first.Made);
        string[] files = Directory.GetFiles(Path.Combine(state.Path, "boundaries"));
        Assert.HasCount(2, files);

        var second = new BoundaryStore(state.Path);
        Prepare("sigmas = [0.5]\nradii = [0.125, 0.5]", second);
        Assert.AreEqual(0, second.Made);

        byte[] spoiled = File.ReadAllBytes(files[0]);
        spoiled[100] ^= 1;
        File.WriteAllBytes(files[0], spoiled);
        File.Move(files[1], files[0] + ".other");
        File.Copy(files[0] + ".other", files[1].Replace(Path.GetFileName(files[1]), new string('0', 64) + ".bnd", StringComparison.Ordinal));
        var third = new BoundaryStore(state.Path);
        Prepare("sigmas = [0.5]\nradii = [0.125, 0.5]", third);
        Assert.AreEqual(2, third.Made, "one is damaged, the other under another's name");
    }

    private static void Refused(Refusal expected, Action asking) => Assert.AreEqual(expected, Assert.ThrowsExactly<RefusedException>(asking).Refusal);

    private static SmoothingQuestion Ask(string parameters) => Ask(parameters, Model.Value);

    private static SmoothingQuestion Ask(string parameters, ModelSmoothing? model, long inputs = 1, string device = "", string tenant = "")
    {
        EdgedSettings settings = Settings(device, tenant);
        return SmoothingOffer.Of(SmoothingWish.Of(SmoothingWishTests.Read(parameters))!, model, inputs, settings.Smoothing, settings.Tenants[0]);
    }

    private static EdgedSettings Settings(string device, string tenant) => EdgedSettings.Parse(
        Encoding.UTF8.GetBytes($"format = 1\n{device}\n[[tenant]]\nname = \"t\"\ncallers = [\"self\"]\nroles = [\"infer\"]\nmodels = [\"*\"]\n{tenant}\n"), "edged.toml");

    private static ModelSmoothing Prepare(string table)
    {
        using var state = new Folder();
        return Prepare(table, new BoundaryStore(state.Path));
    }

    private static ModelSmoothing Prepare(string table, BoundaryStore store, Func<RowNoise, string?>? test = null)
    {
        var manifest = ModelManifest.Parse(
            Encoding.UTF8.GetBytes($"""
                format = 1
                name = "m"
                version = "1"
                sequence = 1
                security_floor = 0
                created = 2026-11-21T00:00:00Z
                file = [{"{ path = \"g\", size = 1 }"}]
                member = [{"{ name = \"m\", file = \"g\" }"}]
                input = [{"{ name = \"x\", datatype = \"FP32\", shape = [-1, 2] }"}]
                output = [{"{ name = \"y\", datatype = \"FP32\", shape = [-1, 2] }"}]
                [smoothing]
                noise = "float"
                max_samples = 2000
                {table}
                """),
            "model.toml");
        return ModelSmoothing.Prepare(manifest, store, new string('a', 64), CancellationToken.None, test)!;
    }

    private sealed class Folder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("boundaries-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
