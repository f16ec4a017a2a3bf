using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using EdgeDaemon.Benchmarks.Report;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Core.Audit.Tree;
using EdgeDaemon.Native.OpenSsl;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>
/// A log's verification, every record read to its end as edgectl does it: beside the hashes of its tree alone, made one by one and as fast as the spool makes them, and beside one plain SHA-256 over all
/// its bytes, which has no block of padding for each record and no nodes. Of requests' records as the daemon writes them by default, and of whole ones.
/// </summary>
internal static class AuditVerification
{
    private const int Records = 600_000;
    private const int Different = 4096;
    private const int Cameras = 16; // More in turn than a verification remembers.

    public static void Measure(Options options, string scratch, ReportFiles report)
    {
        Measure(options, scratch, whole: false, report);
        Measure(options, scratch, whole: true, report);
    }

    private static void Measure(Options options, string scratch, bool whole, ReportFiles report)
    {
        using var log = new AuditLog(Path.Combine(scratch, whole ? "whole" : "requests"), "buffer_bytes = 33554432\nwindow_records = 50000\nwindow_ms = 100");
        var random = new Random(1);
        byte[][] records = [.. Enumerable.Range(0, Different).Select(id => Request(random, id, whole))];
        log.Fill(records, Records);
        log.Spool.Dispose();
        _ = log.Spool.Figures.Records > Records ? 0 : throw new InvalidOperationException($"{Records} records were to be verified, and {log.Spool.Figures.Records} are there");
        byte[][] segments = log.Segments();
        List<double> verified = [], byAll = [], inLanes = [], plain = [], singly = [], together = [];
        for (int pair = 0; pair <= options.Pairs; pair++)
        {
            double hash = Seconds(() =>
            {
                foreach (byte[] segment in segments)
                {
                    SHA256.HashData(segment);
                }
            });
            double verify = Seconds(() => log.Verify(segments, HasherChoice.Fastest));
            double all = Seconds(() => log.Verify(segments, HasherChoice.Fastest, Environment.ProcessorCount));
            double lanes = Seconds(() => log.Verify(segments, TreeHasher.Lanes));
            double each = Seconds(() => HashEach(segments));
            double many = Seconds(() => HashAtOnce(segments));
            if (pair > 0)
            {
                double total = segments.Sum(segment => (double)segment.Length);
                plain.Add(total / hash / 1e6);
                singly.Add(total / each / 1e6);
                together.Add(total / many / 1e6);
                verified.Add(total / verify / 1e6);
                byAll.Add(total / all / 1e6);
                inLanes.Add(total / lanes / 1e6);
            }
        }

        int bytes = (int)records.Average(record => record.Length);
        void Add(string name, List<double> of, List<double> by, string ratio, double target) => report.Add(new Finding(
            string.Create(CultureInfo.InvariantCulture, $"audit: verification{name}, records of {bytes} bytes"), "MB/s", Interval.MedianOf([.. by]), null, Interval.MedianOf([.. of]),
            ratio, Interval.Of([.. of.Zip(by, (own, other) => own / other)]), target, AtMost: false));
        Add(" by one processor, hashes one by one", verified, singly, "verification / SHA-256 of each leaf and node", 0.5);
        Add(" by one processor, many hashes at once", verified, together, "verification / the same hashes alone", 0.5);
        Add(string.Create(CultureInfo.InvariantCulture, $" by {Environment.ProcessorCount} processors, as edgectl does it"), byAll, plain, "verification / one SHA-256 over the bytes", 0.5);
        Add(" by one processor", verified, plain, "verification / one SHA-256 over the bytes", 0.5);
        Add(": the tree's hashes, nothing checked", together, plain, "many hashes at once / one SHA-256 over the bytes", Finding.NoTarget);
        Add(" by one processor, in lanes", inLanes, plain, "verification / one SHA-256 over the bytes", Finding.NoTarget);
    }

    // The same leaves and nodes by one call of the library for each, nothing checked.
    private static void HashEach(byte[][] segments)
    {
        var edge = new TreeEdge();
        Span<byte> leaf = stackalloc byte[TreeHash.Length];
        foreach (byte[] segment in segments)
        {
            ReadOnlySpan<byte> rest = segment.AsSpan(SegmentHeader.Length);
            while (rest.Length > Frame.HeaderBytes && Frame.Length(rest) is > 0 and var length)
            {
                Frame.Leaf(rest, leaf);
                edge.Append(leaf);
                rest = rest[Math.Min(rest.Length, Frame.TotalBytes(length))..];
            }
        }
    }

    // As the spool and the verifier make them, nothing checked.
    private static void HashAtOnce(byte[][] segments)
    {
        var edge = new TreeEdge(HasherChoice.Fastest);
        var leaves = new LeafBatch(HasherChoice.Fastest);
        foreach (byte[] segment in segments)
        {
            int at = SegmentHeader.Length;
            while (segment.Length - at > Frame.HeaderBytes && Frame.Length(segment.AsSpan(at)) is > 0 and var length)
            {
                leaves.Add(at + Frame.LeafOffset, Frame.HeaderBytes + length - Frame.LeafOffset);
                at += Frame.TotalBytes(length);
                if (leaves.IsFull)
                {
                    leaves.AppendTo(edge, segment);
                }
            }

            leaves.AppendTo(edge, segment);
        }
    }

    // As the default policy writes it for one local caller; or whole, an ensemble's over TLS with digests of input and output, of one of many callers.
    private static byte[] Request(Random random, int id, bool whole)
    {
        byte[] room = new byte[512];
        byte[] digest = new byte[32];
        var record = new RecordWriter(room, RecordKind.Request);
        record.Text(RecordField.RequestId, string.Create(CultureInfo.InvariantCulture, $"ff0489ca-{id:x}"));
        record.Text(RecordField.Tenant, "local");
        record.Text(RecordField.Caller, whole ? string.Create(CultureInfo.InvariantCulture, $"cert:spiffe://example.com/site/7/camera/{10 + (id % Cameras)}") : "unix:1000");
        record.Text(RecordField.Listener, "local");
        record.Text(RecordField.Protocol, "rest");
        record.Text(RecordField.Model, "bench-mlp");
        record.Text(RecordField.ModelVersion, "1");
        record.Bytes(RecordField.Release, SHA256.HashData("release"u8));
        record.Text(RecordField.Outcome, "ok");
        if (whole)
        {
            record.Number(RecordField.DigestAlgorithm, 2UL);
            random.NextBytes(digest);
            record.Bytes(RecordField.InputDigest, digest);
            random.NextBytes(digest);
            record.Bytes(RecordField.OutputDigest, digest);
        }

        record.Number(RecordField.Rows, 1UL);
        if (whole)
        {
            record.Number(RecordField.Class, (ulong)random.Next(10));
            record.Text(RecordField.Label, "pedestrian");
            record.Number(RecordField.AgreementMillionths, 666_667UL);
            record.Number(RecordField.Votes, 2UL);
            record.Number(RecordField.Votes, 1UL);
            record.Number(RecordField.Members, 3UL);
        }

        record.Number(RecordField.InputBytes, 64UL);
        record.Number(RecordField.OutputBytes, 16UL);
        foreach (RecordField time in (RecordField[])[RecordField.InputMicroseconds, RecordField.QueueMicroseconds, RecordField.InferMicroseconds, RecordField.OutputMicroseconds, RecordField.TotalMicroseconds])
        {
            record.Number(time, (ulong)random.Next(200));
        }

        record.Flag(RecordField.Durability, false);
        return room[..record.Finish()];
    }

    private static double Seconds(Action work)
    {
        long began = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}
