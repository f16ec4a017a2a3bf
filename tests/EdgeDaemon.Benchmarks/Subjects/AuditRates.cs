using System.Diagnostics;
using EdgeDaemon.Audit;
using EdgeDaemon.Benchmarks.Report;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Core.Audit.Tree;
using EdgeDaemon.Native.OpenSsl;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>
/// What the audit spool takes in, in this process, compiled just in time: strict records of 64 callers beside one sync for each record in a file laid out the same way on the same disk; batched records beside the
/// hashes of their tree alone; and what is allocated for a record.
/// </summary>
internal static class AuditRates
{
    private const int Callers = 64;
    private const int RecordBytes = 350; // Of a request with digests, votes and long names.
    private const int HashRecords = 100_000;

    public static void Measure(Options options, string scratch, ReportFiles report)
    {
        Strict(options, scratch, report);
        Batched(options, scratch, report);
    }

    private static void Strict(Options options, string scratch, ReportFiles report)
    {
        using var log = new AuditLog(Path.Combine(scratch, "strict"), "");
        using LaidOutFile file = LaidOutFile.Create(scratch, "one-by-one", 64 << 20);
        List<double> alone = [], grouped = [];
        for (int pair = 0; pair <= options.Pairs; pair++)
        {
            double one = OneByOne(file, options.Slice);
            double many = Many(log.Spool, options.Slice);
            if (pair > 0)
            {
                alone.Add(one);
                grouped.Add(many);
            }
        }

        report.Add(new Finding(
            $"audit: strict records a second, {Callers} callers", "records/s", Interval.MedianOf([.. alone]), null, Interval.MedianOf([.. grouped]),
            "spool / one sync a record", Interval.Of([.. grouped.Zip(alone, (own, other) => own / other)]), 15, AtMost: false));
    }

    private static void Batched(Options options, string scratch, ReportFiles report)
    {
        using var log = new AuditLog(Path.Combine(scratch, "batched"), "buffer_bytes = 33554432\nwindow_records = 50000\nwindow_ms = 100");
        List<double> hashed = [], together = [], written = [], allocated = [];
        for (int pair = 0; pair <= options.Pairs; pair++)
        {
            double tree = TreeAlone();
            double best = TreeAtOnce();
            (double rate, double bytes) = Flood(log.Spool, options.Slice);
            if (pair > 0)
            {
                hashed.Add(tree);
                together.Add(best);
                written.Add(rate);
                allocated.Add(bytes);
            }
        }

        report.Add(new Finding(
            "audit: batched records a second, one caller", "records/s", Interval.MedianOf([.. hashed]), null, Interval.MedianOf([.. written]),
            "spool / the tree's hashes alone", Interval.Of([.. written.Zip(hashed, (own, other) => own / other)]), 0.7, AtMost: false));
        report.Add(new Finding(
            "audit: batched records a second, many leaves hashed at once", "records/s", Interval.MedianOf([.. together]), null, Interval.MedianOf([.. written]),
            "spool / the same hashes alone", Interval.Of([.. written.Zip(together, (own, other) => own / other)]), 0.7, AtMost: false));
        report.Add(new Finding(
            "audit: managed bytes a record", "bytes", null, null, Interval.MedianOf([.. allocated]), "bytes a record, checkpoints included", Interval.Of(allocated), 8, AtMost: true));
    }

    // What a log without groups would do: a frame behind the other, each on the disk before the next.
    private static double OneByOne(LaidOutFile file, double seconds)
    {
        byte[] frame = new byte[Frame.TotalBytes(RecordBytes)];
        Random.Shared.NextBytes(frame);
        long at = 0, records = 0;
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began).TotalSeconds < seconds)
        {
            file.WriteAt(frame, at);
            file.Sync();
            at = at + (2 * frame.Length) > file.Length ? 0 : at + frame.Length;
            records++;
        }

        return records / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static double Many(AuditSpool spool, double seconds)
    {
        byte[] record = Record();
        long began = Stopwatch.GetTimestamp();
        Task<long>[] callers = [.. Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            var waiter = new AuditWaiter();
            long done = 0;
            while (Stopwatch.GetElapsedTime(began).TotalSeconds < seconds)
            {
                AuditPlace place = await spool.AppendAsync(waiter, record, strict: true).ConfigureAwait(false);
                done += place.Sequence >= 0 ? 1 : throw new InvalidOperationException($"{spool.State}");
            }

            return done;
        }))];
        Task.WaitAll(callers);
        return callers.Sum(caller => caller.Result) / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static (double Rate, double Bytes) Flood(AuditSpool spool, double seconds)
    {
        byte[] record = Record();
        var waiter = new AuditWaiter();
        SpoolFigures before = spool.Figures;
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long began = Stopwatch.GetTimestamp(), records = 0;
        while ((records & 63) != 0 || Stopwatch.GetElapsedTime(began).TotalSeconds < seconds)
        {
            ValueTask<AuditPlace> place = spool.AppendAsync(waiter, record, strict: false);
            AuditPlace taken = place.IsCompletedSuccessfully ? place.Result : place.AsTask().GetAwaiter().GetResult();
            records += taken.Verdict == AuditVerdict.Taken ? 1 : throw new InvalidOperationException($"{spool.State}");
        }

        // On the disk, all of them: a strict one behind them is.
        spool.AppendDurably(record);
        double took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        long durable = spool.Figures.Records - before.Records;
        return durable < records ? throw new InvalidOperationException("records are missing") : (records / took, (double)allocated / records);
    }

    private static double TreeAlone()
    {
        byte[] frame = new byte[Frame.TotalBytes(RecordBytes)];
        byte[] record = Record();
        record.CopyTo(frame, Frame.HeaderBytes);
        var edge = new TreeEdge();
        Span<byte> leaf = stackalloc byte[TreeHash.Length];
        uint checksum = 0;
        Frame.Seal(frame, record.Length, 0, 0, ref checksum);
        long began = Stopwatch.GetTimestamp();
        for (int i = 0; i < HashRecords; i++)
        {
            Frame.Leaf(frame, leaf);
            edge.Append(leaf);
        }

        return HashRecords / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    // As the spool does it: many leaves at once.
    private static double TreeAtOnce()
    {
        int total = Frame.TotalBytes(RecordBytes);
        byte[] frames = new byte[total * LeafBatch.Most];
        Random.Shared.NextBytes(frames);
        var edge = new TreeEdge(HasherChoice.Fastest);
        var leaves = new LeafBatch(HasherChoice.Fastest);
        long began = Stopwatch.GetTimestamp();
        int done = 0;
        while (done < HashRecords)
        {
            for (int i = 0; i < LeafBatch.Most; i++)
            {
                leaves.Add((i * total) + Frame.LeafOffset, Frame.HeaderBytes + RecordBytes - Frame.LeafOffset);
            }

            done += leaves.AppendTo(edge, frames);
        }

        return done / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    // Of no kind that has a meaning; the spool does not look into records.
    private static byte[] Record()
    {
        byte[] record = new byte[RecordBytes];
        Random.Shared.NextBytes(record);
        record[0] = 100;
        return record;
    }
}
