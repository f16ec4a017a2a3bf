using System.Collections.Immutable;
using System.Security.Cryptography;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Smoothing.Noise;
using EdgeDaemon.Engine.Smoothing;
using EdgeDaemon.Models;

namespace EdgeDaemon.Pipeline;

/// <summary>An input's answer -> its certificate: what was asked and counted, with all that another needs to find the same.</summary>
internal static class CertificateOf
{
    public static RobustnessCertificate Input(ServedModel model, SmoothingWork work, string commitment, SmoothedInput input)
    {
        ModelSmoothing smoothing = model.Smoothing!;
        SmoothingQuestion question = work.Question;
        var contract = smoothing.Input.Contract;
        return new RobustnessCertificate(
            Release(model),
            smoothing.Engine,
            new CertificateInput(contract.Name, contract.Type, [1, .. contract.Shape.AsSpan()[1..]], Convert.ToHexStringLower(SHA256.HashData(input.Bytes.Span))),
            new CertificateNoise(
                smoothing.Rules.Noise == ManifestNoise.Grid ? CertificateKind.Grid : CertificateKind.Float,
                RowNoise.Version, question.Sigma, question.Noise.Scale.Divisor, commitment, input.Place, 0, input.Samples, Seed: null),
            Rule(question),
            input.Selected,
            input.Counted,
            Steps(question.Ladder),
            new CertificateResult(
                input.Class, input.Abstained, input.Radius, CertificateResult.InUnitsOfInput(input.Radius, question.Noise.Scale.Divisor), input.Basis.Samples, input.Basis.Agreements, input.Stopped))
            .SealedBy(work.Seed);
    }

    private static CertificateModel Release(ServedModel model)
    {
        ManifestEnsemble? votes = model.Manifest.Ensemble;
        var members = ImmutableArray.CreateBuilder<CertificateMember>(model.Members.Length);
        foreach (ServedMember member in model.Members)
        {
            members.Add(new CertificateMember(member.Name, member.Sha256));
        }

        return new CertificateModel(
            model.Name, model.Manifest.Version, model.ReleaseDigest, members.ToImmutable(), votes?.Rule ?? VoteRule.Mean, votes?.Weights ?? [1.0], votes?.Consensus ?? 0,
            model.Manifest.Outputs[model.Smoothing!.Rules.Output].Contract.Name);
    }

    private static CertificateRule Rule(SmoothingQuestion question)
    {
        if (question.Ladder is not { } ladder)
        {
            return new CertificateRule(CertificateMethod.ClopperPearson, question.Alpha, question.Selection, question.Samples, null);
        }

        BoundaryTable table = ladder[0];
        return new CertificateRule(
            CertificateMethod.Sequential, question.Alpha, question.Selection, question.Samples, new CertificateSchedule(table.Parameters.Beta, table.Looks[0], table.Looks.MaxSamples));
    }

    private static ImmutableArray<LadderStep> Steps(RadiusLadder? ladder)
    {
        var steps = ImmutableArray.CreateBuilder<LadderStep>();
        for (int i = 0; i < (ladder?.Count ?? 0); i++)
        {
            steps.Add(new LadderStep(ladder!.Radii[i], Convert.ToHexStringLower(ladder[i].Digest)));
        }

        return steps.ToImmutable();
    }
}
