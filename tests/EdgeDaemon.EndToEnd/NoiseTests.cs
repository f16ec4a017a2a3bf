using System.Runtime.Intrinsics.X86;
using System.Text.RegularExpressions;

namespace EdgeDaemon.EndToEnd;

/// <summary>The published executable's noise, by each set of instructions it has, against what a script computed from the law's page alone.</summary>
[TestClass]
public sealed partial class NoiseTests
{
    private static readonly string Golden = Path.Combine(Installation.Root, "tests", "EdgeDaemon.Tests", "Smoothing", "Noise", "noise.golden");

    [TestMethod]
    public void Every_path_of_the_published_executable_draws_the_scripts_bits()
    {
        Command selfTest = Command.Edged("selftest").Succeeded();
        StringAssert.EndsWith(selfTest.Output, "passed\n");
        int compared = 0;
        foreach (string[] row in File.ReadLines(Golden).Select(line => line.Split(' ')).Where(row => row[0].EndsWith("_rows", StringComparison.Ordinal)))
        {
            string kind = row[0][..^"_rows".Length], divisor = kind == "bytes" ? "255" : row[2].Replace(".0", "", StringComparison.Ordinal);
            string name = $"{kind} {row[1].Replace(".0", "", StringComparison.Ordinal)} {divisor}";
            Match[] lines = [.. Line().Matches(selfTest.Output).Where(line => line.Groups["name"].Value == name)];
            CollectionAssert.AreEqual((string[])["Scalar", "Vector256", "Vector512"], lines.Select(line => line.Groups["path"].Value).ToArray(), $"{name}: {selfTest.Output}");
            foreach (Match line in lines.Where(line => !line.Groups["digest"].Value.StartsWith("not in", StringComparison.Ordinal)))
            {
                Assert.AreEqual(row[^1], line.Groups["digest"].Value, line.Value);
                compared++;
            }
        }

        // Baseline executables have the plain path and AVX2; those of --cpu native what the processor has.
        Assert.IsGreaterThanOrEqualTo(Avx2.IsSupported ? 10 : 5, compared);
    }

    [GeneratedRegex(@"^(?<name>(bytes|floats) \S+ \S+) +(?<path>\w+) +(?<digest>.+)$", RegexOptions.Multiline)]
    private static partial Regex Line();
}
