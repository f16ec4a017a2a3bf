using System.Diagnostics;
using System.Text.Json;
using EdgeDaemon.Core.Bundles.Onnx;

namespace EdgeDaemon.Tests.Bundles.Onnx;

/// <summary>The summary of real models, beside what python's onnx says of the same files (package python3-onnx).</summary>
[TestClass]
public sealed class OnnxSummaryTests
{
    private const string Python = "/usr/bin/python3";

    [TestMethod]
    public void Operators_opsets_and_parameters_are_what_another_reader_counts()
    {
        string[] models =
        [
            .. Directory.GetFiles(Conformance.Folder("onnx"), "*.onnx", SearchOption.AllDirectories),
            .. Directory.GetFiles(Repository.File("tests/models"), "*.onnx", SearchOption.AllDirectories),
        ];
        string[] theirs = Summaries(models);
        Assert.HasCount(models.Length, theirs);
        for (int i = 0; i < models.Length; i++)
        {
            OnnxSummary ours = OnnxWalk.Of(File.ReadAllBytes(models[i]), controlFlow: true).Summary;
            JsonElement other = JsonDocument.Parse(theirs[i]).RootElement;
            Assert.AreEqual(Counts(other.GetProperty("operators")), string.Join(' ', ours.Operators.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => $"{one.Key}={one.Value}")), models[i]);
            Assert.AreEqual(Counts(other.GetProperty("opsets")), string.Join(' ', ours.Opsets.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => $"{one.Key}={one.Value}")), models[i]);
            Assert.AreEqual((other.GetProperty("nodes").GetInt64(), other.GetProperty("parameters").GetInt64()), (ours.Nodes, ours.Parameters), models[i]);
        }
    }

    private static string[] Summaries(string[] models)
    {
        var start = new ProcessStartInfo(Python, [Repository.File("tests/EdgeDaemon.Fuzz/oracles/onnx_summary.py"), .. models]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process? python = File.Exists(Python) ? Process.Start(start) : null;
        if (python is null)
        {
            Assert.Inconclusive($"skipped: no {Python}");
        }

        Task<string> errors = python.StandardError.ReadToEndAsync();
        string output = python.StandardOutput.ReadToEnd();
        python.WaitForExit();
        if (python.ExitCode != 0 && errors.Result.Contains("No module named 'onnx'", StringComparison.Ordinal))
        {
            Assert.Inconclusive("skipped: python's onnx is not installed (package python3-onnx; './build.sh deps' installs it)");
        }

        Assert.AreEqual(0, python.ExitCode, errors.Result);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static string Counts(JsonElement counts) =>
        string.Join(' ', counts.EnumerateObject().OrderBy(one => one.Name, StringComparer.Ordinal).Select(one => $"{one.Name}={one.Value.GetInt64()}"));
}
