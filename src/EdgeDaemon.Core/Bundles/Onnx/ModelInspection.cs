using System.Collections.Immutable;
using System.Text;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>A member's walk, held against the manifest too.</summary>
public sealed record MemberInspection(string Member, string File, OnnxReport Report);

/// <summary>Gives a file of the bundle by its name.</summary>
public delegate ReadOnlyMemory<byte> BundleFile(string name);

/// <summary>The inspection of a whole bundle before anything of it is loaded: every member walked and held against model.toml, every other file sniffed.</summary>
/// <param name="Files">Findings about files that are no members.</param>
public sealed record ModelInspection(ImmutableArray<MemberInspection> Members, ImmutableArray<OnnxFinding> Files)
{
    private const int LongestLabel = 64;

    private static readonly string[] NativeNames = [".so", ".dll", ".dylib", ".exe", ".engine", ".plan", ".trt", ".pkl", ".pickle", ".pt", ".pth", ".joblib", ".py", ".pyc", ".sh"];

    private static ReadOnlySpan<byte> PemBegin => "-----BEGIN "u8;

    /// <summary>Every finding with the file it is in.</summary>
    public IEnumerable<(string File, OnnxFinding Finding)> All =>
        [.. Members.SelectMany(member => member.Report.Findings.Select(finding => (member.File, finding))), .. Files.Select(finding => (finding.Place, finding))];

    public static ModelInspection Of(ModelManifest manifest, BundleFile files)
    {
        var members = ImmutableArray.CreateBuilder<MemberInspection>();
        foreach (ManifestMember member in manifest.Members)
        {
            OnnxReport report = OnnxWalk.Of(files(member.File).Span, manifest.ControlFlow);
            members.Add(new MemberInspection(member.Name, member.File, report with { Findings = [.. report.Findings, .. Interface(manifest, report)] }));
        }

        var others = new OnnxFindings();
        foreach (ManifestFile file in manifest.Files.Where(file => manifest.Members.All(member => member.File != file.Path)))
        {
            Sniff(file.Path, files(file.Path).Span, others);
        }

        return new ModelInspection(members.ToImmutable(), [.. others.Found]);
    }

    private static IEnumerable<OnnxFinding> Interface(ModelManifest manifest, OnnxReport report)
    {
        // A walk that came to nothing has no interface to compare.
        if (report.Findings.Any(finding => finding.Rule is OnnxRule.Malformed or OnnxRule.TooMany))
        {
            return [];
        }

        var findings = new OnnxFindings();
        Compare("input", report.Summary.Inputs, [.. manifest.Inputs.Select(input => new TensorContract(input.Tensor, input.Preprocess is null ? input.Contract.Type : ElementType.Float32, input.Contract.Shape))], findings);
        Compare("output", report.Summary.Outputs, [.. manifest.Outputs.Select(output => new TensorContract(output.Tensor, output.Contract.Type, output.Contract.Shape))], findings);
        return findings.Found;
    }

    private static void Compare(string kind, ImmutableArray<OnnxPort> graph, TensorContract[] declared, OnnxFindings findings)
    {
        foreach (OnnxPort port in graph)
        {
            TensorContract? match = declared.FirstOrDefault(candidate => candidate.Name == port.Name);
            if (match is null)
            {
                findings.Danger(OnnxRule.Interface, $"graph.{kind}", $"'{Printable.Of(port.Name)}' is not in model.toml");
            }
            else if (!port.HasType)
            {
                Untyped(kind, port.Name, findings);
            }
            else if (port.Type != 0 && port.Element != match.Type)
            {
                findings.Danger(OnnxRule.Interface, $"graph.{kind}", $"'{Printable.Of(port.Name)}' is {port.Element?.WireName() ?? $"type {port.Type}"}, model.toml makes it {match.Type.WireName()}");
            }
            else if (port.Shape is { } shape && !Agrees(shape, match.Shape, kind == "output"))
            {
                findings.Danger(OnnxRule.Interface, $"graph.{kind}", $"'{Printable.Of(port.Name)}' has shape [{string.Join(',', shape)}], model.toml declares [{string.Join(',', match.Shape)}]");
            }
        }

        foreach (OnnxPort open in graph.Where(port => port.Type != 0 && port.Shape is null))
        {
            findings.Warning(OnnxRule.Interface, $"graph.{kind}", $"the graph does not say the shape of '{Printable.Of(open.Name)}'; model.toml's is all there is");
        }

        foreach ((string name, _, _) in declared.Where(port => graph.All(candidate => candidate.Name != port.Name)))
        {
            findings.Danger(OnnxRule.Interface, $"graph.{kind}", $"there is no '{Printable.Of(name)}', which model.toml declares");
        }
    }

    // The runtime infers what an output is; an input without a type it does not load, and no exporter writes one.
    private static void Untyped(string kind, string name, OnnxFindings findings)
    {
        string detail = $"the graph does not say what '{Printable.Of(name)}' is";
        if (kind == "input")
        {
            findings.Danger(OnnxRule.Interface, $"graph.{kind}", detail);
        }
        else
        {
            findings.Warning(OnnxRule.Interface, $"graph.{kind}", $"{detail}; model.toml's word is held against it after the load");
        }
    }

    // model.toml may fix what an input leaves open, not the other way round; an output may be left open.
    private static bool Agrees(ImmutableArray<long> graph, ImmutableArray<long> declared, bool output) =>
        graph.Length == declared.Length && Enumerable.Range(0, graph.Length).All(i => graph[i] < 0 || graph[i] == declared[i] || (output && declared[i] < 0));

    private static void Sniff(string name, ReadOnlySpan<byte> content, OnnxFindings findings)
    {
        string? kind =
            content.StartsWith("\u007fELF"u8) ? "a native library or program (ELF)"
            : content.StartsWith("MZ"u8) ? "a native library or program (PE)"
            : content.Length > 2 && content[0] == 0x80 && content[1] is >= 2 and <= 5 ? "a pickle"
            : content.StartsWith("ptrt"u8) || content.StartsWith("ftrt"u8) ? "a TensorRT engine"
            : content.StartsWith("#!"u8) ? "a script"
            : content.StartsWith("PK\u0003\u0004"u8) ? "an archive"
            : NativeNames.Any(ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) ? "code, by its name"
            : null;
        if (kind is not null)
        {
            findings.Danger(OnnxRule.NativeCode, Printable.Of(name), $"it is {kind}; a bundle holds data only");
        }

        if (PrivateKey(content) is { } key)
        {
            findings.Danger(OnnxRule.PrivateKey, Printable.Of(name), $"it holds a private key ({key}), which everybody who has the bundle has now: replace the key and leave it out");
        }
    }

    // The label of the first PEM block that holds one, wherever in the file: PKCS#8, encrypted or not, EC, RSA, OpenSSH, PGP.
    private static string? PrivateKey(ReadOnlySpan<byte> content)
    {
        for (int begin = content.IndexOf(PemBegin); begin >= 0; begin = content.IndexOf(PemBegin))
        {
            content = content[(begin + PemBegin.Length)..];
            ReadOnlySpan<byte> label = content[..Math.Min(content.Length, LongestLabel)];
            int end = label.IndexOf("-----"u8);
            if (end >= 0 && label[..end].IndexOf("PRIVATE KEY"u8) >= 0)
            {
                return Printable.Of(Encoding.Latin1.GetString(label[..end]));
            }
        }

        return null;
    }
}
