using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Core.Smoothing.Noise;
using EdgeDaemon.Core.Smoothing.Statistics;
using EdgeDaemon.Engine.Smoothing;

namespace EdgeDaemon.Tests.Engine.Smoothing;

/// <summary>
/// The stated error by trials of the whole way: fresh seed, key, the daemon's own noise on either grid, selection, looks, answer (soundness rule S7). The classifier is a threshold between two grid points,
/// whose distance from the input is the true radius to the last bit; so the chance of a miss is the table's exact error, times that of choosing the class.
/// EDGED_COVERAGE: how many trials each (2,000 when it is not set; './build.sh soak coverage' takes 200,000).
/// </summary>
[TestClass]
public sealed class SmoothedCoverageTests
{
    private const double Alpha = 0.02;
    private const double Sigma = 0.25;
    private const int Choose = 20;
    private const int Most = 600;

    // 32 grid points and a half below the input begins the other class.
    private const double ByteRadius = 32.5 / 255;
    private const double FloatRadius = 0.125;

    public TestContext TestContext { get; set; } = null!;

    private static int Trials { get; } = int.Parse(Environment.GetEnvironmentVariable("EDGED_COVERAGE") ?? "2000", CultureInfo.InvariantCulture);

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Answers_are_wrong_no_more_often_than_alpha(bool bytes)
    {
        double radius = bytes ? ByteRadius : FloatRadius, spread = 5 * Math.Sqrt(Alpha * Trials);
        RadiusLadder ladder = Ladder(radius);
        double chosen = BinomialTail.AtLeast(Choose / 2, Choose, NormalProbability.Of(radius / Sigma).Middle).Middle;
        double exact = ladder[1].CertifyError * chosen;
        int misses = Misses(bytes, ladder, Noise(bytes, Sigma));
        string said = string.Create(CultureInfo.InvariantCulture, $"{misses} misses in {Trials} trials, {(double)misses / Trials:f5}; exactly {exact:f5}, alpha {Alpha}");
        TestContext.WriteLine(said);
        Assert.IsLessThanOrEqualTo((Alpha * Trials) + spread, misses, said);
        Assert.AreEqual(exact * Trials, misses, spread, said);
    }

    // The control: the same trials find out noise that is a seventh too small.
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Noise_that_is_smaller_than_it_says_is_found_out(bool bytes) =>
        Assert.IsGreaterThan((Alpha * Trials) + (5 * Math.Sqrt(Alpha * Trials)), Misses(bytes, Ladder(bytes ? ByteRadius : FloatRadius), Noise(bytes, Sigma * 6 / 7)));

    private static RadiusLadder Ladder(double radius) => RadiusLadder.Build(Sigma, [radius / 2, radius, 2 * radius], Alpha, Alpha, LookSchedule.Every(20, Most));

    private static RowNoise Noise(bool bytes, double sigma) => bytes ? RowNoise.ForBytes(new NoiseScale(sigma, 255)) : RowNoise.ForFloats(new NoiseScale(sigma, 1));

    // Answers whose radius is the true one or more: no change that is smaller than that may alter the class, and at the true one it does.
    private static int Misses(bool bytes, RadiusLadder ladder, RowNoise noise)
    {
        var question = new SmoothingQuestion(SmoothingMode.Sequential, noise, Alpha, ladder, Choose, Most);
        float at = (float)(FloatRadius + (RowNoise.ForFloats(new NoiseScale(Sigma, 1)).Step / 2));
        byte[] sent = bytes ? [128] : MemoryMarshal.AsBytes<float>([at]).ToArray();
        float least = bytes ? 96 / 255f : RowNoise.ForFloats(new NoiseScale(Sigma, 1)).Step; // the first grid point of class 0
        Span<float> row = stackalloc float[1];
        Span<byte> seedBits = stackalloc byte[NoiseSeed.Size];
        int misses = 0;
        for (int trial = 0; trial < Trials; trial++)
        {
            SHA256.HashData(BitConverter.GetBytes(trial), seedBits);
            using var seed = new NoiseSeed(seedBits);
            var input = new SmoothedInput(0, sent, seed.Key(0), question, 2, Questions.Away);
            while (input.WantsMore)
            {
                bool sure = input.TryAdd(input.HandOut(), row);
                input.Take(input.Next, sure ? (row[0] >= least ? 0 : 1) : Votes.None);
            }

            misses += input.Radius >= ladder.Radii[1] ? 1 : 0;
        }

        return misses;
    }
}
