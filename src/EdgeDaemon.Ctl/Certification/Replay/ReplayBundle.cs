using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Onnx;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Ctl.Bundles;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Certification.Replay;

/// <summary>The bundle that a certificate names, held against every word that the certificate says of it. Nothing of it is parsed before its digest is the certificate's.</summary>
internal sealed class ReplayBundle : IDisposable
{
    private readonly ContentTree _tree;

    private ReplayBundle(ContentTree tree, ModelManifest manifest)
    {
        _tree = tree;
        Manifest = manifest;
    }

    public ModelManifest Manifest { get; }

    public ManifestSmoothing Rules => Manifest.Smoothing!;

    /// <exception cref="CtlException">It is another release, or the certificate says of it what it is not.</exception>
    public static ReplayBundle Open(string path, RobustnessCertificate certificate)
    {
        BundleFolder folder = BundleFolder.Open(path);
        ContentTree tree = folder.Read();
        try
        {
            string digest = ReleaseDigest.Hex(ReleaseDigest.Compute(tree.Entries));
            if (digest != certificate.Model.Release)
            {
                throw new CtlException($"{path} is release {digest}; the certificate is about another one, {certificate.Model.Release}");
            }

            ModelManifest manifest = ModelManifest.Parse(folder.Manifest(tree).Span, folder.ManifestPath);
            manifest.CheckFiles(tree.Entries);
            var bundle = new ReplayBundle(tree, manifest);
            bundle.CheckModel(certificate);
            bundle.CheckSmoothing(certificate);
            return bundle;
        }
        catch
        {
            tree.Dispose();
            throw;
        }
    }

    /// <summary>The members' graphs in listed order, after the walk that a device does before it loads one.</summary>
    /// <exception cref="CtlException">The walk found danger.</exception>
    public ImmutableArray<ReadOnlyMemory<byte>> Graphs()
    {
        ModelInspection inspection = ModelInspection.Of(Manifest, File);
        foreach ((string file, OnnxFinding finding) in inspection.All)
        {
            if (finding.Severity == FindingSeverity.Danger)
            {
                throw new CtlException($"{Printable.Of(file)}: {finding.Detail}; a device would not load this bundle ('edgectl bundle inspect')");
            }
        }

        return [.. Manifest.Members.Select(member => File(member.File))];
    }

    public void Dispose() => _tree.Dispose();

    private ReadOnlyMemory<byte> File(string name) => _tree.Find(name)!.Bytes;

    private void CheckModel(RobustnessCertificate certificate)
    {
        CertificateModel model = certificate.Model;
        Same("model.name", model.Name, Manifest.Name);
        Same("model.version", model.Version, Manifest.Version);
        Same("model.members", model.Members.Length, Manifest.Members.Length);
        for (int i = 0; i < model.Members.Length; i++)
        {
            ManifestMember member = Manifest.Members[i];
            Same($"model.members[{i}].name", model.Members[i].Name, member.Name);
            Same($"model.members[{i}].sha256", model.Members[i].Sha256, Convert.ToHexStringLower(_tree.Entries.First(file => file.Name == member.File).Sha256.AsSpan()));
        }

        ManifestEnsemble? votes = Manifest.Ensemble;
        Same("model.rule", CertificateWords.Of(model.Vote), CertificateWords.Of(votes?.Rule ?? VoteRule.Mean));
        Same("model.weights", string.Join(", ", model.Weights), string.Join(", ", votes?.Weights ?? [1.0]));
        Same("model.consensus", model.Consensus, votes?.Consensus ?? 0);
    }

    private void CheckSmoothing(RobustnessCertificate certificate)
    {
        if (Manifest.Smoothing is not { } rules)
        {
            throw new CtlException($"the bundle's {ModelManifest.FileName} has no [smoothing]: nobody can have certified with this model");
        }

        TensorContract output = Manifest.Outputs[rules.Output].Contract;
        ManifestInput input = Manifest.Inputs[0];
        Same("model.output", certificate.Model.Output, output.Name);
        Same("engine.rows", certificate.Engine.Rows, rules.Batch);
        Same("engine.classes", certificate.Engine.Classes, output.Shape[1]);
        Same("input.name", certificate.Input.Name, input.Contract.Name);
        Same("input.datatype", certificate.Input.Type.WireName(), input.Contract.Type.WireName());
        Same("input.shape", string.Join(",", certificate.Input.Shape), $"1,{string.Join(",", input.Contract.Shape.AsSpan()[1..].ToArray())}");
        CertificateNoise noise = certificate.Noise;
        Same("noise.kind", CertificateWords.Of(noise.Kind), rules.Noise == ManifestNoise.Grid ? "grid" : "float");
        Same("noise.scale", noise.Scale, (double)(float)(input.Preprocess?.DivideBy ?? 1));
        if (!rules.Sigmas.Contains(noise.Sigma))
        {
            throw new CtlException($"noise.sigma is {noise.Sigma:R}, which the bundle does not offer ({string.Join(", ", rules.Sigmas)})");
        }

        Same("rule.selection", certificate.Rule.Selection, rules.Selection);
        if (certificate.Rule.Schedule is { } schedule)
        {
            Same("rule.look", schedule.Look, rules.LookPeriod);
            Same("rule.table_samples", schedule.TableSamples, rules.MaxSamples);
        }

        foreach (LadderStep step in certificate.Ladder)
        {
            if (!rules.Offers(noise.Sigma, step.Radius))
            {
                throw new CtlException($"the ladder's radius {step.Radius:R} is none that the bundle offers at sigma {noise.Sigma:R}");
            }
        }
    }

    private static void Same<T>(string key, T stated, T found)
    {
        if (!EqualityComparer<T>.Default.Equals(stated, found))
        {
            throw new CtlException($"{key} is {stated} in the certificate, and {found} in the bundle that it names");
        }
    }
}
