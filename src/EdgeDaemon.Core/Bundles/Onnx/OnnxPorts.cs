using System.Collections.Immutable;

namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>The inputs and outputs that a model's graph declares, as the protocol has them: for filling in a manifest.</summary>
public sealed record OnnxPorts(ImmutableArray<DeclaredPort> Inputs, ImmutableArray<DeclaredPort> Outputs)
{
    /// <summary>More inputs or outputs than any served model has.</summary>
    public const int MaxPorts = 64;

    /// <summary>A symbolic or absent dimension becomes -1; a shape of which not even the rank is declared is null.</summary>
    /// <exception cref="OnnxFormatException">Not an ONNX model, or a port that is no tensor of a type the protocol has.</exception>
    public static OnnxPorts Read(ReadOnlySpan<byte> model)
    {
        OnnxReport report = OnnxWalk.Of(model, controlFlow: true);
        if (report.Findings.FirstOrDefault(Spoils) is { } finding)
        {
            throw new OnnxFormatException(finding.Detail);
        }

        return report.Summary.Inputs.Length <= MaxPorts && report.Summary.Outputs.Length <= MaxPorts
            ? new OnnxPorts([.. report.Summary.Inputs.Select(Contract)], [.. report.Summary.Outputs.Select(Contract)])
            : throw new OnnxFormatException($"it has more than {MaxPorts} inputs or outputs");
    }

    // What is wrong with the weights or the nodes is another command's matter.
    private static bool Spoils(OnnxFinding finding) =>
        finding.Rule is OnnxRule.Malformed or OnnxRule.TooMany
        || (finding.Severity == FindingSeverity.Danger
            && (finding.Place.StartsWith("graph.input[", StringComparison.Ordinal) || finding.Place.StartsWith("graph.output[", StringComparison.Ordinal)));

    private static DeclaredPort Contract(OnnxPort port) =>
        port.Type == 0 ? throw new OnnxFormatException($"'{Printable.Of(port.Name)}' is not a tensor")
        : port.Element is { } element ? new DeclaredPort(port.Name, element, port.Shape)
        : throw new OnnxFormatException($"'{Printable.Of(port.Name)}' has ONNX type {port.Type}, which the protocol does not carry");
}
