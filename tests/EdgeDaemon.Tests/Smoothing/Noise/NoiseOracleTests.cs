using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Core.Smoothing.Noise;

namespace EdgeDaemon.Tests.Smoothing.Noise;

/// <summary>
/// The oracle itself, run: noise.golden is what it prints, its generator knows Random123's answers, and noise that nobody has seen before is the same bits here and there. It shares no code, no library and no method
/// with the daemon.
/// </summary>
[TestClass]
public sealed class NoiseOracleTests
{
    [TestMethod]
    public void The_golden_file_is_what_the_oracle_prints() =>
        Assert.AreEqual(File.ReadAllText(Repository.File("tests/EdgeDaemon.Tests/Smoothing/Noise/noise.golden")), Oracle(""));

    [TestMethod]
    public void The_oracles_own_generator_knows_the_published_answers() =>
        Assert.AreEqual("6\n", Oracle("", "--known", Path.Combine(Conformance.Folder("."), "random123_kat.txt")));

    [TestMethod]
    public void Fresh_noise_is_the_same_bits_on_every_path_and_by_the_oracle()
    {
        (string Kind, double Sigma, float Divisor)[] laws = [("bytes", 0.25, 255), ("bytes", 0.5, 255), ("bytes", 1, 127.5f), ("bytes", 40, 1), ("floats", 0.25, 1), ("floats", 0.3, 2.5f), ("floats", 1, 1), ("floats", 1e4, 3)];
        var lines = new StringBuilder();
        var ours = new List<string>();
        foreach ((string kind, double sigma, float divisor) in laws)
        {
            using var seed = new NoiseSeed();
            uint place = (uint)RandomNumberGenerator.GetInt32(int.MaxValue);
            ulong sample = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
            var scale = new NoiseScale(sigma, divisor);
            RowNoise noise = kind == "bytes" ? RowNoise.ForBytes(scale) : RowNoise.ForFloats(scale);
            byte[] input = RandomNumberGenerator.GetBytes(kind == "bytes" ? 203 : 4 * 203);
            if (kind == "floats")
            {
                float[] values = [.. Enumerable.Range(0, 203).Select(_ => (float)((RandomNumberGenerator.GetInt32(1 << 20) - (1 << 19)) * sigma / 3e4))];
                input = MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
            }

            lines.Append(CultureInfo.InvariantCulture, $"{kind} {sigma:R} {divisor:R} {Convert.ToHexStringLower(seed.Bits)} {place} {sample} {Convert.ToHexStringLower(input)}\n");
            string[] digests = [.. Enum.GetValues<NoisePath>().Where(NoisePaths.IsSupported).Select(path => Digest(noise, path, seed.Key(place), sample, input)).Distinct()];
            Assert.HasCount(1, digests, $"{kind} {sigma}");
            ours.Add(digests[0]);

            // Control: the neighbouring sample is other noise.
            Assert.AreNotEqual(digests[0], Digest(noise, NoisePath.Scalar, seed.Key(place), sample ^ 1, input));
        }

        CollectionAssert.AreEqual(ours, Oracle(lines.ToString(), "--rows").Split('\n', StringSplitOptions.RemoveEmptyEntries), lines.ToString());
    }

    private static string Digest(RowNoise noise, NoisePath path, NoiseKey key, ulong sample, byte[] input)
    {
        float[] row = new float[203];
        Assert.IsTrue(noise.TryAddBy(path, key, sample, 0, input, row), "a draw in doubt comes once in 2^35 samples of 150,528 elements");
        return Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(row.AsSpan())));
    }

    private static string Oracle(string input, params string[] arguments)
    {
        var start = new ProcessStartInfo("python3", ["-B", Repository.File("tests/EdgeDaemon.Tests/Smoothing/Noise/noise_oracle.py"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardInput = true };
        using var python = new Process { StartInfo = start };
        try
        {
            python.Start();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Inconclusive("skipped: no python3");
        }

        python.StandardInput.Write(input);
        python.StandardInput.Close();
        string said = python.StandardOutput.ReadToEnd();
        Assert.IsTrue(python.WaitForExit(120_000), "python3 takes too long");
        Assert.AreEqual(0, python.ExitCode, said);
        return said;
    }
}
