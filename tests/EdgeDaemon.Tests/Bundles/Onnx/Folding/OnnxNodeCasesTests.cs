using System.Diagnostics;
using EdgeDaemon.Core.Bundles.Onnx;
using static EdgeDaemon.Tests.Bundles.Onnx.Folding.FoldingCase;
using static EdgeDaemon.Tests.Bundles.Onnx.OnnxBytes;

namespace EdgeDaemon.Tests.Bundles.Onnx.Folding;

/// <summary>
/// ONNX's own tests of its operators, all of them over constants: none is a danger as it stands, and each is one as soon as what it makes, by ONNX's own
/// expectation, comes to more than a node may make. Skipped without python's onnx (package python3-onnx).
/// </summary>
[TestClass]
public sealed class OnnxNodeCasesTests
{
    [TestMethod]
    public void No_operator_makes_more_than_the_walk_believes()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("node-cases-");
        try
        {
            var faults = new List<string>();
            int judged = 0;
            foreach (string line in Cases(folder.FullName))
            {
                string[] words = line.Split(' ');
                byte[] model = File.ReadAllBytes(Path.Combine(folder.FullName, $"{words[0]}.onnx"));
                OnnxReport plain = OnnxWalk.Of(model, controlFlow: false);
                if (plain.Findings.FirstOrDefault(finding => finding.Severity == FindingSeverity.Danger) is { } danger)
                {
                    faults.Add($"{words[0]}: {danger}");
                }

                long count = long.Parse(words[1]);
                if (count > 0 && !OnnxWalk.Of(Repeated(model, words[2], (FoldingCase.Most / count) + 1), false).Findings.Any(finding => finding.Rule == OnnxRule.Folding))
                {
                    faults.Add($"{words[0]} makes {count}: the walk believes less");
                }

                judged++;
            }

            Assert.IsEmpty(faults, string.Join('\n', faults));
            Assert.IsGreaterThan(500, judged);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // The graph is the last field but the opsets; its content is taken whole and more is put behind.
    private static byte[] Repeated(byte[] model, string output, long times)
    {
        byte[] more =
        [
            .. Bytes(5, Longs(times), Text(8, "repeated_times")), .. Bytes(5, Longs(0), Text(8, "repeated_zero")),
            .. Node("Unsqueeze", [output, "repeated_zero"], ["repeated_once"]), .. Node("Tile", ["repeated_once", "repeated_times"], ["repeated_all"]),
        ];
        int at = 0;
        while (true)
        {
            int start = at;
            ulong tag = Read(model, ref at), value = Read(model, ref at);
            if (tag == ((7 << 3) | 2))
            {
                return [.. model[..start], .. Bytes(7, model[at..(at + (int)value)], more), .. model[(at + (int)value)..]];
            }

            at += (tag & 7) == 2 ? (int)value : 0;
        }
    }

    private static ulong Read(byte[] data, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte part = data[at++];
            value |= (ulong)(part & 127) << shift;
            if (part < 128)
            {
                return value;
            }
        }
    }

    private static string[] Cases(string folder)
    {
        var start = new ProcessStartInfo("/usr/bin/python3", [Repository.File("tests/EdgeDaemon.Fuzz/oracles/onnx_node_cases.py"), folder]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process? python = File.Exists(start.FileName) ? Process.Start(start) : null;
        if (python is null)
        {
            Assert.Inconclusive("skipped: no /usr/bin/python3");
        }

        Task<string> errors = python.StandardError.ReadToEndAsync();
        string output = python.StandardOutput.ReadToEnd();
        python.WaitForExit();
        if (python.ExitCode != 0)
        {
            Assert.Inconclusive($"skipped: python's onnx is missing or cannot make its cases here (package python3-onnx): {errors.Result[Math.Max(0, errors.Result.Length - 200)..]}");
        }

        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
