using System.Collections.Immutable;
using System.Security.Cryptography;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Smoothing.Noise;
using EdgeDaemon.Core.Smoothing.Statistics;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Ctl.Bundles;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Tests.Native.Onnx;

namespace EdgeDaemon.Tests.Ctl.Certification;

/// <summary>
/// A certificate about a held-out digit as a daemon would make it, by plain loops over plain counts: neither the replay nor the decisions that it judges with are in it.
/// </summary>
internal sealed class DigitsCertificate
{
    public const int Selection = 100;
    public const int Rows = 100;

    /// <summary>Which held-out one: not so easy that any noise gives the same counts.</summary>
    public const int Picture = 11;

    private static readonly Lazy<DigitsCertificate> One = new(() => new DigitsCertificate());

    private readonly int[] _choices;

    private DigitsCertificate()
    {
        BundleFolder folder = BundleFolder.Open(Bundle);
        using var tree = folder.Read();
        Manifest = ModelManifest.Parse(folder.Manifest(tree).Span, "model.toml");
        Input = File.ReadAllBytes(Repository.File("tests/models/digits/heldout.pgm")).AsSpan((Picture * 85) + 21, 64).ToArray(); // Behind its header.
        Seed.Commit(_commitment);
        Release = ReleaseDigest.Hex(ReleaseDigest.Compute(tree.Entries));
        Members = [.. Manifest.Members.Select(member => new CertificateMember(member.Name, Convert.ToHexStringLower(SHA256.HashData(tree.Find(member.File)!.Bytes.Span))))];
        _choices = Choices(Manifest.Members.Select(member => tree.Find(member.File)!.Bytes).ToArray());
        Ladder = RadiusLadder.Build(Sigma, [0.125, 0.25, 0.375, 0.5, 0.75], 0.001, 0.001, LookSchedule.Every(100, 10_000));
    }

    public static DigitsCertificate Instance => One.Value;

    public static string Bundle => Repository.File("tests/models/digits/digits-s25");

    public static double Sigma => 0.25;

    public ModelManifest Manifest { get; }

    public byte[] Input { get; }

    public RadiusLadder Ladder { get; }

    public NoiseSeed Seed { get; } = new(Enumerable.Range(7, NoiseSeed.Size).Select(i => (byte)i).ToArray());

    public string SeedHex => Convert.ToHexStringLower(Seed.Bits);

    private string Release { get; }

    private ImmutableArray<CertificateMember> Members { get; }

    private readonly byte[] _commitment = new byte[NoiseSeed.CommitmentSize];

    /// <summary>For the first two radii on offer.</summary>
    public RobustnessCertificate Sequential()
    {
        double[] radii = [0.125, 0.25];
        SampleTally selection = Tally(0, Selection);
        int chosen = selection.Largest(), agreements = 0, samples = 0;
        (double Radius, int Samples, int Agreements) best = default;
        for (int look = 0; look < 100 && best.Radius < 0.25; look++)
        {
            for (int i = 0; i < 100; i++)
            {
                agreements += _choices[Selection + samples++] == chosen ? 1 : 0;
            }

            for (int r = 0; r < radii.Length; r++)
            {
                if (agreements >= Ladder[r].Up[look] && radii[r] > best.Radius)
                {
                    best = (radii[r], samples, agreements);
                }
            }
        }

        Assert.AreEqual(0.25, best.Radius, "it is easy enough");
        return Certificate(
            new CertificateRule(CertificateMethod.Sequential, 0.001, Selection, 10_000, new CertificateSchedule(0.001, 100, 10_000)),
            samples,
            [new(radii[0], Hex(Ladder[0])), new(radii[1], Hex(Ladder[1]))],
            new CertificateResult(chosen, false, best.Radius, CertificateResult.InUnitsOfInput(best.Radius, 255), best.Samples, best.Agreements, StoppedBy.Certified));
    }

    /// <summary>For the first radii on offer, walked until all is decided, or stopped: by plain loops over the boundaries' whole numbers.</summary>
    /// <param name="radii">How many.</param>
    /// <param name="failed">Which certification samples had failed; null for none.</param>
    /// <param name="deadline">After so many it was over; 0: never.</param>
    /// <param name="beyond">Samples that are counted behind the end, as nobody does; it then says that a deadline ended it.</param>
    public RobustnessCertificate Walk(int radii, Func<int, bool>? failed = null, int deadline = 0, int beyond = 0)
    {
        int[] choices = [.. _choices.Select((choice, i) => i >= Selection && failed is not null && failed(i - Selection) ? -1 : choice)];
        int chosen = Tally(_choices, 0, Selection).Largest(), agreements = 0, samples = 0, certified = -1, given = radii, look = 0;
        (int Samples, int Agreements) basis = default;
        while (certified + 1 < given && (deadline == 0 || samples < deadline))
        {
            Assert.IsTrue(Selection + samples < choices.Length, "it is decided by then");
            agreements += choices[Selection + samples++] == chosen ? 1 : 0;
            if (samples % 100 != 0)
            {
                continue;
            }

            for (int r = certified + 1; r < radii && agreements >= Ladder[r].Up[look]; r++)
            {
                (certified, basis) = (r, (samples, agreements));
            }

            for (int r = given - 1; r > certified; r--)
            {
                given = samples - agreements >= Ladder[r].Down[look] ? r : given;
            }

            look++;
        }

        samples += beyond;
        double radius = certified < 0 ? 0 : Ladder.Radii[certified];
        return Certificate(
            new CertificateRule(CertificateMethod.Sequential, 0.001, Selection, 10_000, new CertificateSchedule(0.001, 100, 10_000)),
            samples,
            [.. Enumerable.Range(0, radii).Select(r => new LadderStep(Ladder.Radii[r], Hex(Ladder[r])))],
            new CertificateResult(
                chosen, certified < 0, radius, CertificateResult.InUnitsOfInput(radius, 255), basis.Samples, basis.Agreements,
                certified + 1 < given || beyond > 0 ? StoppedBy.Deadline : certified < 0 ? StoppedBy.Futile : StoppedBy.Certified),
            Tally(choices, Selection, samples));
    }

    public RobustnessCertificate Bound()
    {
        const int Samples = 800;
        int chosen = Tally(0, Selection).Largest(), agreements = Tally(Selection, Samples).Of(chosen);
        double radius = CertifiedRadius.Of(ClopperPearson.Lower(agreements, Samples, 0.001), Sigma);
        return Certificate(
            new CertificateRule(CertificateMethod.ClopperPearson, 0.001, Selection, Samples, null),
            Samples,
            [],
            new CertificateResult(chosen, false, radius, CertificateResult.InUnitsOfInput(radius, 255), Samples, agreements, StoppedBy.Completed));
    }

    public static string Hex(BoundaryTable table) => Convert.ToHexStringLower(table.Digest);

    private RobustnessCertificate Certificate(CertificateRule rule, int samples, ImmutableArray<LadderStep> ladder, CertificateResult result, SampleTally? counted = null) => new RobustnessCertificate(
        new CertificateModel("digits", Manifest.Version, Release, Members, VoteRule.Mean, [1, 1, 1], 0, "logits"),
        new CertificateEngine(OnnxLibraryPins.Current, ProcessorKind.Text, Rows, 10),
        new CertificateInput("image", ElementType.UInt8, [1, 1, 8, 8], Convert.ToHexStringLower(SHA256.HashData(Input))),
        new CertificateNoise(CertificateKind.Grid, RowNoise.Version, Sigma, 255, Convert.ToHexStringLower(_commitment), 3, 0, Selection + samples, SeedHex),
        rule,
        Tally(0, Selection),
        counted ?? Tally(Selection, samples),
        ladder,
        result).SealedBy(Seed);

    private SampleTally Tally(int from, int samples) => Tally(_choices, from, samples);

    private static SampleTally Tally(int[] choices, int from, int samples)
    {
        int[] counts = new int[10];
        foreach (int choice in choices.AsSpan(from, samples))
        {
            if (choice >= 0)
            {
                counts[choice]++;
            }
        }

        return SampleTally.From(samples, counts);
    }

    // Each member's logits summed in double and halved into a float, the largest wins: what the law of votes says for three equal weights.
    private int[] Choices(ReadOnlyMemory<byte>[] graphs)
    {
        int[] choices = new int[2000];
        RowNoise noise = RowNoise.ForBytes(new NoiseScale(Sigma, 255));
        NoiseKey key = Seed.Key(3);
        float[] rows = new float[Rows * 64];
        OnnxSession[] sessions = [.. graphs.Select(graph => TestRuntime.Get().CreateSession(graph.Span, new OnnxSessionOptions()))];
        for (int at = 0; at < choices.Length; at += Rows)
        {
            for (int row = 0; row < Rows; row++)
            {
                Assert.IsTrue(noise.TryAdd(key, (ulong)(at + row), 0, Input, rows.AsSpan(row * 64, 64)));
            }

            double[] sums = new double[Rows * 10];
            foreach (OnnxSession session in sessions)
            {
                using OnnxRun run = session.NewRun(TestRuntime.Pool);
                float[] logits = Running.Floats(Running.Once(run, Running.Shape(Rows, 1, 8, 8), Running.Floats(rows)).Data);
                for (int i = 0; i < logits.Length; i++)
                {
                    sums[i] += logits[i];
                }
            }

            for (int row = 0; row < Rows; row++)
            {
                float[] mean = [.. sums.AsSpan(row * 10, 10).ToArray().Select(sum => (float)(sum / 3))];
                choices[at + row] = Array.IndexOf(mean, mean.Max());
            }
        }

        foreach (OnnxSession session in sessions)
        {
            session.Dispose();
        }

        return choices;
    }
}
