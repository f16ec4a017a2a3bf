using System.Text;
using EdgeDaemon.Core.Bundles.Onnx;

namespace EdgeDaemon.Fuzz.Targets;

/// <summary>
/// ONNX files. Judged is what two readers of the same bytes must agree on: the encoding, the fields, where data lies and how much of it there is, and
/// whether constants make the runtime compute much (heavy) or not (light). What else depends on names and operators is the unit tests' matter.
/// </summary>
internal sealed class OnnxTarget : FuzzTarget
{
    private static readonly OnnxRule[] Judged =
    [
        OnnxRule.Malformed, OnnxRule.NotCanonical, OnnxRule.UnknownField, OnnxRule.FieldTwice, OnnxRule.TooDeep, OnnxRule.TooMany, OnnxRule.ExternalData, OnnxRule.TensorData,
        OnnxRule.TensorType,
    ];

    public override string Name => "onnx";

    public override string Oracle => "onnx_walk.py";

    public override IReadOnlyList<byte[]> Dictionary { get; } =
    [
        [0x80, 0x00], [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], [0x6a, 0x00], [0x70, 0x01],
        [0x70, 0x00], [0x4a, 0x00], [0x4a, 0x04, 0, 0, 0, 0], [0x22, 0x04, 0, 0, 0, 0], [0x08, 0x00], [0x08, 0x03], [0x10, 0x01], [0x10, 0x07], [0x10, 0x63], [0x0a, 0x00], [0x2a, 0x00],
        [0x3a, 0x00], [0x5a, 0x00], [0x12, 0x00], [0x0b], [0x0c], [0x0d, 0, 0, 0, 0], [0x09, 0, 0, 0, 0, 0, 0, 0, 0], [0x7a, 0x00], [0xa0, 0x01, 0x01], [0xb2, 0x01, 0x00],
        Encoding.ASCII.GetBytes("location"), Encoding.ASCII.GetBytes("*/_ORT_MEM_ADDR_/*"),
    ];

    public override string Judge(ReadOnlySpan<byte> input)
    {
        OnnxReport report = OnnxWalk.Of(input, controlFlow: true);
        return report.Findings.Any(finding => Judged.Contains(finding.Rule))
            ? "reject"
            : $"accept {report.Summary.Nodes} nodes {report.Summary.Parameters} parameters {report.Summary.WeightBytes} bytes {(report.Findings.Any(finding => finding.Rule == OnnxRule.Folding) ? "heavy" : "light")}";
    }
}
