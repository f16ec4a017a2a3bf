using System.Security.Cryptography;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Tests.Audit.Segments;

namespace EdgeDaemon.Tests.Audit;

/// <summary>Two verifiers that share nothing but the README say the same of whole, damaged and forged logs, and name the same place.</summary>
[TestClass]
public sealed class PythonVerifierTests
{
    private static readonly ECDsa[] Keys = MemorySpool.NewKeys(4);

    [TestMethod]
    public void Both_verifiers_find_the_same()
    {
        if (!PythonVerifier.IsThere)
        {
            Assert.Inconclusive("there is no python3");
        }

        using var python = new PythonVerifier();
        var ours = new List<string>();
        MemorySpool spool = SpoolVerifierTests.Whole(Keys);
        string vkey = spool.FirstKey().ToString();
        byte[] chain = [.. spool.Chain];
        Judge(spool.Segments);
        Judge(spool.Segments, chain);
        python.Add(vkey, spool.Segments, openssl: true);
        ours.Add(ours[0]);
        for (int removed = 1; removed <= spool.Segments.Count; removed++)
        {
            Judge([.. spool.Segments.Skip(removed)]);
            Judge([.. spool.Segments.Skip(removed)], chain);
        }

        foreach (byte[] note in spool.Notes)
        {
            Judge(spool.Segments, null, note);
            Judge([.. spool.Segments.Take(2)], null, note);
            Judge([.. spool.Segments.Skip(1)], chain, note);
        }

        Judge(SpoolVerifierTests.Whole(Keys, _ => Keys[2], past => past.Request("another-model")).Segments);
        Judge(SpoolVerifierTests.Whole(Keys, null, past => past.Request("another-model")).Segments, null, spool.Notes[^1]);
        Judge(new MemorySpool(Keys).Requests(10).NextEpoch(start: 1_700_000_000_000_000).Requests(3).Checkpoint().Rotate(SegmentReason.Recovered).Requests(3).Segments);
        Judge(new MemorySpool(Keys).Requests(10).Garbage([1, 2, 3]).Rotate(SegmentReason.Abandoned).Requests(3).Segments);
        Judge(new MemorySpool(Keys).Requests(10).Garbage([1, 2, 3]).Rotate().Requests(3).Segments);
        Judge([.. spool.Segments.Take(1), .. spool.Segments.Skip(2)]);
        Judge([spool.Segments[1], spool.Segments[0]]);

        var random = new Random(5);
        for (int round = 0; round < 60; round++)
        {
            List<byte[]> damaged = [.. spool.Segments.Select(bytes => bytes.ToArray())];
            byte[] segment = damaged[random.Next(damaged.Count)];
            int at = random.Next(3) == 0 ? random.Next(4096 + 600) : random.Next(segment.Length);
            switch (random.Next(4))
            {
                case 0:
                    segment.AsSpan(at & -512, 512).Clear();
                    break;
                case 1:
                    segment.AsSpan(at).Clear();
                    break;
                default:
                    segment[at] ^= (byte)(1 << random.Next(8));
                    break;
            }

            if (random.Next(3) == 0)
            {
                TamperingTests.RepairChecksums(segment);
            }

            Judge(damaged);
        }

        List<string> theirs = python.Run();
        for (int at = 0; at < ours.Count; at++)
        {
            string answer = theirs[at];
            int why = answer.StartsWith("broken", StringComparison.Ordinal) ? answer.IndexOf(':', StringComparison.Ordinal) : answer.Length;
            int prefix = answer.IndexOf("segment-", StringComparison.Ordinal);
            string place = prefix < 0 ? answer[..why] : "broken " + answer[prefix..why];
            Assert.AreEqual(ours[at], place, $"log {at}: {answer}");
        }

        Assert.IsTrue(ours.Count(line => line.StartsWith("broken", StringComparison.Ordinal)) > 40 && ours.Count(line => line.StartsWith("sound", StringComparison.Ordinal)) > 8, "control: both kinds were seen");

        void Judge(List<byte[]> segments, byte[]? certificates = null, byte[]? since = null)
        {
            python.Add(vkey, segments, certificates, since);
            SpoolVerdict verdict = SpoolVerifierTests.Verify(spool, MemorySpool.Read(segments), certificates, since);
            ours.Add(verdict.Fault is { } fault
                ? $"broken {(fault.Name.Length == 0 ? "-" : fault.Name)} {fault.Offset} {fault.Sequence}"
                : $"sound size {verdict.Size} root {Convert.ToHexStringLower(verdict.Root.Span)} epoch {verdict.Epoch} checkpoints {verdict.Checkpoints} unsealed {verdict.Unsealed} torn {verdict.TornBytes}");
        }
    }
}
