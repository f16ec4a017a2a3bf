using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Smoothing.Certificates;

/// <summary>JSON -> certificate, in the order of the schema.</summary>
internal static class CertificateReader
{
    private const int MostMembers = 64;
    private const int MostClasses = 1_000_000;
    private const int MostRows = 4096;
    private const int MostRadii = 64;
    private const int MostSamples = 100_000_000;
    private const int LongestName = 256;
    private const int LongestWord = 200;

    public static RobustnessCertificate Read(ReadOnlyMemory<byte> utf8, string file)
    {
        var text = new CertificateText(utf8, file);
        var root = new CertificateObject(
            text, text.Read(), "", "format", "model", "engine", "input", "noise", "rule", "selection", "certification", "ladder", "result", "seal");
        root.Whole("format", RobustnessCertificate.Format, RobustnessCertificate.Format);
        CertificateEngine engine = Engine(root.Object("engine", "library", "processor", "rows", "classes"));
        var certificate = new RobustnessCertificate(
            Model(root.Object("model", "name", "version", "release", "members", "rule", "weights", "consensus", "output")),
            engine,
            Input(root.Object("input", "name", "datatype", "shape", "sha256")),
            Noise(root.Object("noise", "kind", "sampler", "sigma", "norm", "scale", "commitment", "row", "first", "count", "seed")),
            Rule(root.Object("rule", "method", "alpha", "selection", "max_samples", "beta", "look", "table_samples")),
            Tally(root.Object("selection", "samples", "failed", "counts"), engine.Classes),
            Tally(root.Object("certification", "samples", "failed", "counts"), engine.Classes),
            root.Array("ladder", 0, MostRadii, (node, path) => Step(root.Element(node, path, "radius", "table"))),
            Result(root.Object("result", "class", "abstained", "radius", "input_radius", "samples", "agreements", "stopped"), engine.Classes))
        {
            Seal = root.Hex("seal"),
        };
        if (CertificateConsistency.Fault(certificate) is var (part, what))
        {
            throw root.Fault(part, what);
        }

        return certificate;
    }

    private static CertificateModel Model(CertificateObject model)
    {
        string name = model.Text("name", ModelName.MaxLength);
        string version = model.Text("version", 19);
        string release = model.Hex("release");
        ImmutableArray<CertificateMember> members = model.Array("members", 1, MostMembers, (node, path) =>
        {
            CertificateObject member = model.Element(node, path, "name", "sha256");
            return new CertificateMember(member.Text("name", ModelName.MaxLength), member.Hex("sha256"));
        });
        return new CertificateModel(
            name,
            version,
            release,
            members,
            Closed<VoteRule>(model, "rule", CertificateWords.Of),
            model.Array("weights", members.Length, members.Length, (node, path) => model.Number(node, path, double.Epsilon, double.MaxValue)),
            model.Int("consensus", 0, members.Length),
            model.Text("output", LongestName));
    }

    private static CertificateEngine Engine(CertificateObject engine) =>
        new(engine.Hex("library"), engine.Text("processor", LongestWord), engine.Int("rows", 1, MostRows), engine.Int("classes", 2, MostClasses));

    private static CertificateInput Input(CertificateObject input)
    {
        string name = input.Text("name", LongestName);
        if (!ElementTypes.TryParse(input.Text("datatype", 8), out ElementType type))
        {
            throw input.Fault("datatype", "is no type of the protocol, like \"UINT8\" or \"FP32\"");
        }

        ImmutableArray<long> shape = input.Array("shape", 1, TensorShape.MaxRank, (node, path) => input.Whole(node, path, 1, int.MaxValue));
        return shape[0] == 1 ? new CertificateInput(name, type, shape, input.Hex("sha256")) : throw input.Fault("shape", "must be that of one row: its first dimension is 1");
    }

    private static CertificateNoise Noise(CertificateObject noise)
    {
        noise.Choice("norm", (CertificateNoise.Norm, true));
        return new CertificateNoise(
            Closed<CertificateKind>(noise, "kind", CertificateWords.Of),
            noise.Text("sampler", LongestWord),
            noise.Positive("sigma"),
            noise.Positive("scale"),
            noise.Hex("commitment"),
            noise.Int("row", 0, int.MaxValue),
            noise.Whole("first", 0, long.MaxValue - MostSamples),
            noise.Whole("count", 0, 2L * MostSamples),
            noise.Has("seed") ? noise.Hex("seed") : null);
    }

    private static CertificateRule Rule(CertificateObject rule)
    {
        CertificateMethod method = Closed<CertificateMethod>(rule, "method", CertificateWords.Of);
        CertificateSchedule? schedule = null;
        if (method == CertificateMethod.Sequential)
        {
            schedule = new CertificateSchedule(rule.Positive("beta", 0.5), rule.Int("look", 1, MostSamples), rule.Int("table_samples", 1, MostSamples));
        }
        else
        {
            foreach (string key in (ReadOnlySpan<string>)["beta", "look", "table_samples"])
            {
                if (rule.Has(key))
                {
                    throw rule.Fault(key, "means nothing with \"clopper_pearson\", which has no table");
                }
            }
        }

        return new CertificateRule(method, rule.Positive("alpha", 0.5), rule.Int("selection", 1, MostSamples), rule.Int("max_samples", 1, MostSamples), schedule);
    }

    private static SampleTally Tally(CertificateObject tally, int classes) => new(
        tally.Int("samples", 0, MostSamples),
        tally.Int("failed", 0, MostSamples),
        tally.Array("counts", 0, MostClasses, (node, path) => tally.Pair(node, path, classes)));

    private static LadderStep Step(CertificateObject step) => new(step.Positive("radius"), step.Hex("table"));

    private static CertificateResult Result(CertificateObject result, int classes) => new(
        result.Int("class", Votes.None, classes - 1),
        result.Flag("abstained"),
        result.Number("radius", 0, double.MaxValue),
        result.Number("input_radius", 0, double.MaxValue),
        result.Int("samples", 0, MostSamples),
        result.Int("agreements", 0, MostSamples),
        Closed<StoppedBy>(result, "stopped", CertificateWords.Of));

    private static T Closed<T>(CertificateObject part, string key, Func<T, string> word)
        where T : struct, Enum
    {
        T[] values = Enum.GetValues<T>();
        var choices = new (string, T)[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            choices[i] = (word(values[i]), values[i]);
        }

        return part.Choice<T>(key, choices);
    }
}
