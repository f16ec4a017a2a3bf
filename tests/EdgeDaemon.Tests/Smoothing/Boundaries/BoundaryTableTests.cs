using System.Buffers.Binary;
using System.Security.Cryptography;
using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Core.Smoothing.Statistics;

namespace EdgeDaemon.Tests.Smoothing.Boundaries;

[TestClass]
public sealed class BoundaryTableTests
{
    private static readonly LookSchedule Looks = LookSchedule.Growing(32, 0.02, 16_384);

    [TestMethod]
    [DataRow(0.55, 0.001, 0.001)]
    [DataRow(0.8413447461, 0.001, 0.001)]
    [DataRow(0.8413447461, 1e-9, 0.1)]
    [DataRow(0.9772498681, 0.0001, 0.01)]
    [DataRow(0.9986501020, 0.001, 0.05)]
    [DataRow(0.9999683288, 0.01, 0.001)]
    public void A_built_table_spends_alpha_and_no_more(double p0, double alpha, double beta)
    {
        BoundaryTable table = BoundaryBuilder.Build(new BoundaryParameters(p0, alpha, beta, Looks));
        Assert.IsTrue(table.CertifyError <= alpha && table.FutilityError <= beta, $"{table.CertifyError} {table.FutilityError}");

        // Where one sample more or less at the only looks that count is worth more than the error, less is spent.
        if (p0 < 0.999)
        {
            Assert.IsGreaterThan(alpha * 0.97, table.CertifyError);
            Assert.IsGreaterThan(beta * 0.97, table.FutilityError);
        }
    }

    // By all 2^12 paths, each with its probability: nothing shared with the band, the kernels or the vectors.
    [TestMethod]
    public void The_error_is_the_sum_over_all_paths()
    {
        var looks = new LookSchedule([2, 3, 7, 12]);
        int[] bounds = [2, BoundaryTable.Never, 6, 9];
        foreach (double p in (double[])[0.1, 0.5, 0.8413, 0.99])
        {
            double expected = 0;
            for (int path = 0; path < 1 << 12; path++)
            {
                int ones = int.PopCount(path);
                bool reached = false;
                for (int i = 0; i < looks.Count; i++)
                {
                    reached |= int.PopCount(path & ((1 << looks[i]) - 1)) >= bounds[i];
                }

                expected += reached ? Math.Pow(p, ones) * Math.Pow(1 - p, 12 - ones) : 0;
            }

            double given = ExactError.Of(p, looks, bounds);
            Assert.AreEqual(expected, given, expected * 1e-12);
            Assert.IsGreaterThanOrEqualTo(expected * (1 - 1e-15), given);
        }
    }

    // Steps longer than a kernel may be are taken in parts: the same as one binomial tail.
    [TestMethod]
    public void A_single_far_look_is_a_binomial_tail()
    {
        foreach (int samples in (int[])[4096, 4097, 10_000, 100_000])
        {
            int bound = (int)(samples * 0.84) + (3 * (int)Math.Sqrt(samples * 0.14));
            Enclosure tail = BinomialTail.AtLeast(bound, samples, 0.84);
            double given = ExactError.Of(0.84, new LookSchedule([samples]), [bound]);
            Assert.AreEqual(tail.Middle, given, tail.Middle * 1e-9);
            Assert.IsGreaterThanOrEqualTo(tail.Low, given);
        }
    }

    [TestMethod]
    public void Means_are_the_sum_over_all_paths()
    {
        var looks = new LookSchedule([2, 3, 7, 12]);
        int[] up = [2, BoundaryTable.Never, 6, 9];
        int[] down = [2, 2, 4, BoundaryTable.Never];
        double certified = 0, givenUp = 0, samples = 0;
        const double p = 0.7;
        for (int path = 0; path < 1 << 12; path++)
        {
            int ones = int.PopCount(path);
            double probability = Math.Pow(p, ones) * Math.Pow(1 - p, 12 - ones);
            int used = 12;
            for (int i = 0; i < looks.Count; i++)
            {
                int agree = int.PopCount(path & ((1 << looks[i]) - 1));
                if (agree >= up[i] || looks[i] - agree >= down[i])
                {
                    certified += agree >= up[i] ? probability : 0;
                    givenUp += agree >= up[i] ? 0 : probability;
                    used = looks[i];
                    break;
                }
            }

            samples += probability * used;
        }

        OperatingCharacteristic given = OperatingCharacteristic.Of(looks, up, down, p);
        Assert.AreEqual(certified, given.Certified, 1e-12);
        Assert.AreEqual(givenUp, given.GivenUp, 1e-12);
        Assert.AreEqual(samples, given.Samples, 1e-10);
    }

    [TestMethod]
    public void A_lowered_entry_is_refused()
    {
        BoundaryTable table = Table();
        int[] up = table.Up.ToArray();
        for (int i = 0; i < up.Length; i++)
        {
            if (up[i] != BoundaryTable.Never)
            {
                up[i] -= 1;
            }
        }

        StringAssert.Contains(
            Assert.ThrowsExactly<BoundaryException>(() => new BoundaryTable(table.Parameters, up, table.Down)).Message, "certifies wrongly with probability");
    }

    [TestMethod]
    public void Entries_that_make_no_sense_are_refused()
    {
        BoundaryTable table = Table();
        foreach (int wrong in (int[])[0, -1, int.MinValue, table.Looks[0] + 1, BoundaryTable.Never - 1])
        {
            int[] entries = table.Up.ToArray();
            entries[0] = wrong;
            Assert.ThrowsExactly<BoundaryException>(() => new BoundaryTable(table.Parameters, entries, table.Down));
            Assert.ThrowsExactly<BoundaryException>(() => new BoundaryTable(table.Parameters, table.Up, entries));
        }

        Assert.ThrowsExactly<BoundaryException>(() => new BoundaryTable(table.Parameters, table.Up[1..], table.Down));
    }

    [TestMethod]
    public void A_cache_file_gives_the_table_back()
    {
        BoundaryTable table = Table();
        BoundaryTable read = BoundaryTable.Read(table.ToFile());
        CollectionAssert.AreEqual(table.Up.ToArray(), read.Up.ToArray());
        CollectionAssert.AreEqual(table.Down.ToArray(), read.Down.ToArray());
        CollectionAssert.AreEqual(table.Digest.ToArray(), read.Digest.ToArray());
        CollectionAssert.AreEqual(table.ToFile(), read.ToFile());
        Assert.AreEqual(table.CertifyError, read.CertifyError);
        Assert.AreEqual(table.Parameters.P0, read.Parameters.P0);
    }

    [TestMethod]
    public void A_damaged_cache_file_is_refused()
    {
        byte[] file = Table().ToFile();
        for (int at = 0; at < file.Length; at += 13)
        {
            byte[] damaged = [.. file];
            damaged[at] ^= 0x10;
            Assert.ThrowsExactly<BoundaryException>(() => BoundaryTable.Read(damaged), $"byte {at}");
        }

        for (int length = 0; length < file.Length; length += 17)
        {
            Assert.ThrowsExactly<BoundaryException>(() => BoundaryTable.Read(file.AsSpan(0, length)), $"{length} bytes");
        }

        Assert.ThrowsExactly<BoundaryException>(() => BoundaryTable.Read([.. file, 0]));
    }

    // Who can write the cache writes a fitting digest, too. What such a file cannot do is certify more than alpha allows.
    [TestMethod]
    public void A_forged_cache_file_is_refused_by_its_error()
    {
        byte[] file = Table().ToFile();
        for (int look = 0; look < Looks.Count; look++)
        {
            Span<byte> up = file.AsSpan(36 + (12 * look) + 4);
            BinaryPrimitives.WriteInt32LittleEndian(up, Math.Max(1, (int)(BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(36 + (12 * look))) * 0.85)));
        }

        SHA256.HashData(file.AsSpan(0, file.Length - 32), file.AsSpan(file.Length - 32));
        StringAssert.Contains(Assert.ThrowsExactly<BoundaryException>(() => BoundaryTable.Read(file)).Message, "certifies wrongly");

        byte[] hostile = Table().ToFile();
        BinaryPrimitives.WriteDoubleLittleEndian(hostile.AsSpan(16), double.NaN);
        SHA256.HashData(hostile.AsSpan(0, hostile.Length - 32), hostile.AsSpan(hostile.Length - 32));
        Assert.ThrowsExactly<BoundaryException>(() => BoundaryTable.Read(hostile));
    }

    [TestMethod]
    public void Parameters_out_of_range_are_refused()
    {
        foreach (double bad in (double[])[0, 1, -1, double.NaN])
        {
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => BoundaryBuilder.Build(new BoundaryParameters(bad, 0.001, 0.001, Looks)));
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => BoundaryBuilder.Build(new BoundaryParameters(0.9, bad, 0.001, Looks)));
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => BoundaryBuilder.Build(new BoundaryParameters(0.9, 0.001, bad, Looks)));
        }
    }

    [TestMethod]
    public void Building_can_be_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsExactly<OperationCanceledException>(() => BoundaryBuilder.Build(new BoundaryParameters(0.9, 0.001, 0.001, Looks), cancelled.Token));
    }

    // A certificate names the digest, and its verifier builds the table elsewhere.
    [TestMethod]
    public void The_same_parameters_give_the_same_table_everywhere()
    {
        Assert.AreEqual("d2e1642586795f4589fae10411ebfb05aacaa9bfea798aeaeb884738da63c353", Convert.ToHexStringLower(Table().Digest));
    }

    private static BoundaryTable Table() =>
        BoundaryBuilder.Build(new BoundaryParameters(CertifiedRadius.Probability(0.5, 0.5), 0.001, 0.001, Looks));
}
