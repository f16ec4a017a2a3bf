using System.Diagnostics;
using System.Text.Json;
using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Core.Smoothing.Statistics;

namespace EdgeDaemon.Tests.Smoothing.Boundaries;

/// <summary>table_error.py computes a table's error from its integers with large integers alone, and shares neither code nor method with the daemon.</summary>
[TestClass]
public sealed class TableErrorScriptTests
{
    [TestMethod]
    [DataRow(1, 16_384, 0.001)]
    [DataRow(2, 65_536, 0.001)]
    [DataRow(3, 131_072, 0.001)]
    [DataRow(2, 16_384, 0.000001)]
    public void Agrees_on_a_tables_error(int k, int samples, double alpha)
    {
        BoundaryTable table = BoundaryBuilder.Build(
            new BoundaryParameters(CertifiedRadius.Probability(k, 1), alpha, 0.001, LookSchedule.Growing(32, 0.02, samples)));
        using JsonDocument said = Run(table.ToFile());
        double certify = said.RootElement.GetProperty("certify_error").GetDouble();
        double futility = said.RootElement.GetProperty("futility_error").GetDouble();
        Assert.AreEqual(Convert.ToHexStringLower(table.Digest), said.RootElement.GetProperty("digest").GetString());
        Assert.IsTrue(certify <= table.CertifyError && table.CertifyError <= certify * (1 + 1e-9), $"script {certify:r}, table {table.CertifyError:r}");
        Assert.IsTrue(futility <= table.FutilityError && table.FutilityError <= futility * (1 + 1e-9), $"script {futility:r}, table {table.FutilityError:r}");
    }

    private static JsonDocument Run(byte[] file)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, file);
            var start = new ProcessStartInfo("python3", [Repository.File("tests/EdgeDaemon.Tests/Smoothing/Boundaries/table_error.py"), path]) { RedirectStandardOutput = true };
            using var python = new Process { StartInfo = start };
            try
            {
                python.Start();
            }
            catch (System.ComponentModel.Win32Exception)
            {
                Assert.Inconclusive("skipped: no python3");
            }

            string said = python.StandardOutput.ReadToEnd();
            Assert.IsTrue(python.WaitForExit(120_000), "python3 takes too long");
            Assert.AreEqual(0, python.ExitCode, said);
            return JsonDocument.Parse(said);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
