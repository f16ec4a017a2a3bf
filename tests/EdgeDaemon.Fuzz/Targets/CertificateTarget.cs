using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Fuzz.Targets;

/// <summary>Robustness certificates: what is accepted must be canonical after one writing, and the oracle must read every number of it as we do.</summary>
internal sealed class CertificateTarget : FuzzTarget
{
    public override string Name => "certificate";

    public override string Oracle => "certificate.py";

    public override IReadOnlyList<byte[]> Dictionary { get; } =
    [
        .. new[]
        {
            "{", "}", "[", "]", ",", ":", "\"", "null", "true", "false", "0", "-0", "-1", "1", "1.0", "1e0", "1e-5", "5e-324", "1e999", "0.5", "0.1", "100", "9223372036854775808", "[]", "[[7,98]]", "\"seed\":",
            "\"mean\"", "\"majority\"", "\"sequential\"", "\"clopper_pearson\"", "\"completed\"", "\"certified\"", "\"futile\"", "\"samples\"", "\"deadline\"", "\"failed\"", "\"grid\"", "\"float\"", "\"UINT8\"", "\"FP32\"",
            "\\u0073", "\\ud800", "\\ud83d\\ude00", "\ufeff", "\\u0001", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public override string Judge(ReadOnlySpan<byte> input)
    {
        RobustnessCertificate certificate;
        try
        {
            certificate = RobustnessCertificate.Parse(input.ToArray(), "fuzz");
        }
        catch (CertificateException)
        {
            return "reject";
        }

        byte[] json = certificate.ToJson();
        RobustnessCertificate again = RobustnessCertificate.Parse(json, "again");
        if (!again.ToJson().AsSpan().SequenceEqual(json) || again.Digest() != certificate.Digest())
        {
            throw new InvalidOperationException("what was written reads back as something else");
        }

        CertificateModel model = certificate.Model;
        CertificateNoise noise = certificate.Noise;
        CertificateRule rule = certificate.Rule;
        CertificateResult result = certificate.Result;
        string text = string.Create(CultureInfo.InvariantCulture, $"""
            {Hex(model.Name)} {Hex(model.Version)} {model.Release} {string.Join(',', model.Members.Select(member => Hex(member.Name) + member.Sha256))} {CertificateWords.Of(model.Vote)}
             {string.Join(',', model.Weights.Select(Bits))} {model.Consensus} {Hex(model.Output)} {certificate.Engine.Library} {Hex(certificate.Engine.Processor)} {certificate.Engine.Rows} {certificate.Engine.Classes}
             {Hex(certificate.Input.Name)} {certificate.Input.Type.WireName()} {string.Join(',', certificate.Input.Shape)} {certificate.Input.Sha256}
             {CertificateWords.Of(noise.Kind)} {Hex(noise.Sampler)} {Bits(noise.Sigma)} {Bits(noise.Scale)} {noise.Commitment} {noise.Row} {noise.First} {noise.Count} {noise.Seed ?? "-"}
             {CertificateWords.Of(rule.Method)} {Bits(rule.Alpha)} {rule.Selection} {rule.MaxSamples} {(rule.Schedule is { } schedule ? string.Create(CultureInfo.InvariantCulture, $"{Bits(schedule.Beta)},{schedule.Look},{schedule.TableSamples}") : "-")}
             {Tally(certificate.Selection)} {Tally(certificate.Certification)} {string.Join(',', certificate.Ladder.Select(step => Bits(step.Radius) + step.Table))}
             {result.Class} {result.Abstained} {Bits(result.Radius)} {Bits(result.InputRadius)} {result.Samples} {result.Agreements} {CertificateWords.Of(result.Stopped)} {certificate.Seal}
            """);
        return "accept " + text.Replace("\n", "", StringComparison.Ordinal);
    }

    private static string Tally(SampleTally tally) => string.Create(
        CultureInfo.InvariantCulture, $"{tally.Samples}/{tally.Failed}/{string.Join(',', tally.Counts.Select(count => string.Create(CultureInfo.InvariantCulture, $"{count.Class}:{count.Count}")))}");

    private static string Bits(double value) => BitConverter.DoubleToInt64Bits(value).ToString("x16", CultureInfo.InvariantCulture);

    private static string Hex(string text) => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text));
}
