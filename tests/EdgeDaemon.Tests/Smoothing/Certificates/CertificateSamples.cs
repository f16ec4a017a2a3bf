using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Tests.Smoothing.Certificates;

/// <summary>Certificates that are consistent, about models that do not exist.</summary>
internal static class CertificateSamples
{
    /// <summary>Two radii: one certified at an earlier look, one given up at the last.</summary>
    public static RobustnessCertificate Ladder { get; } = new(
        new CertificateModel(
            "digits", "3", Hex('a'), [new("a", Hex('1')), new("b", Hex('2')), new("c", Hex('3'))], VoteRule.Mean, [1, 0.5, 1e-5], 2, "logits"),
        new CertificateEngine(Hex('b'), "x86-64 avx2 fma", 100, 10),
        new CertificateInput("image", ElementType.UInt8, [1, 1, 8, 8], Hex('c')),
        new CertificateNoise(CertificateKind.Grid, "edged-noise-1", 0.25, 255, Hex('e'), 4, 0, 600, Hex('f')),
        new CertificateRule(CertificateMethod.Sequential, 0.001, 100, 8_000, new CertificateSchedule(0.0001, 100, 10_000)),
        new SampleTally(100, 1, [new(7, 98), new(9, 1)]),
        new SampleTally(500, 3, [new(1, 7), new(7, 490)]),
        [new LadderStep(0.1, Hex('4')), new LadderStep(0.5, Hex('5'))],
        new CertificateResult(7, false, 0.1, 25.5, 200, 198, StoppedBy.Certified))
    {
        Seal = Hex('6'),
    };

    public static RobustnessCertificate Bound { get; } = Ladder with
    {
        Model = Ladder.Model with { Members = [new("only", Hex('1'))], Weights = [1], Consensus = 0 },
        Noise = Ladder.Noise with { Count = 1100, Seed = null, Scale = 1 },
        Rule = new CertificateRule(CertificateMethod.ClopperPearson, 0.001, 100, 1000, null),
        Certification = new SampleTally(1000, 0, [new(7, 1000)]),
        Ladder = [],
        Result = new CertificateResult(7, false, 0.615, 0.615, 1000, 1000, StoppedBy.Completed),
    };

    public static string Hex(char digit) => new(digit, 64);
}
