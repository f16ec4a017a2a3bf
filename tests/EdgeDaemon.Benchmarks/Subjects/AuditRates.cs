using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Audit;
using EdgeDaemon.Benchmarks.Report;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Core.Audit.Tree;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Hosting;
using EdgeDaemon.Native.OpenSsl;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>
/// What the audit spool takes in, in this process, compiled just in time: strict records of 64 callers beside one sync for each record in a file laid out the same way on the same disk; batched records beside the
/// hashes of their tree alone; what is allocated for a record; and a log's verification, by all processors and by one, beside one plain SHA-256 over its bytes by one.
/// </summary>
internal static class AuditRates
{
    private const int Callers = 64;
    private const int RecordBytes = 350; // A request's, as README.md of Core/Audit counts it.
    private const int HashRecords = 100_000;
    private const string Origin = "bench.example/audit";

    public static void Measure(Options options, string scratch, ReportFiles report)
    {
        Strict(options, scratch, report);
        Batched(options, scratch, report);
    }

    private static void Strict(Options options, string scratch, ReportFiles report)
    {
        using var log = new Log(Path.Combine(scratch, "strict"), "");
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
        using var log = new Log(Path.Combine(scratch, "batched"), "buffer_bytes = 33554432\nwindow_records = 50000\nwindow_ms = 100");
        List<double> hashed = [], together = [], written = [], allocated = [], verified = [], byAll = [], inLanes = [], plain = [], singly = [];
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

        log.Spool.Dispose();
        byte[][] segments = log.Segments();
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
            double each = Seconds(() => log.HashEach(segments));
            if (pair > 0)
            {
                double total = segments.Sum(segment => (double)segment.Length);
                plain.Add(total / hash / 1e6);
                singly.Add(total / each / 1e6);
                verified.Add(total / verify / 1e6);
                byAll.Add(total / all / 1e6);
                inLanes.Add(total / lanes / 1e6);
            }
        }

        report.Add(new Finding(
            "audit: verification", "MB/s", Interval.MedianOf([.. singly]), null, Interval.MedianOf([.. verified]),
            "verification / SHA-256 of each leaf and node", Interval.Of([.. verified.Zip(singly, (own, other) => own / other)]), 0.5, AtMost: false));
        report.Add(new Finding(
            string.Create(CultureInfo.InvariantCulture, $"audit: verification by {Environment.ProcessorCount} processors, as edgectl does it"), "MB/s", Interval.MedianOf([.. plain]), null, Interval.MedianOf([.. byAll]),
            "verification / one SHA-256 over the bytes", Interval.Of([.. byAll.Zip(plain, (own, other) => own / other)]), 0.5, AtMost: false));
        report.Add(new Finding(
            "audit: verification by one processor", "MB/s", Interval.MedianOf([.. plain]), null, Interval.MedianOf([.. verified]),
            "verification / one SHA-256 over the bytes", Interval.Of([.. verified.Zip(plain, (own, other) => own / other)]), 0.5, AtMost: false));
        report.Add(new Finding(
            "audit: verification by one processor, in lanes", "MB/s", Interval.MedianOf([.. plain]), null, Interval.MedianOf([.. inLanes]),
            "verification / one SHA-256 over the bytes", Interval.Of([.. inLanes.Zip(plain, (own, other) => own / other)]), Finding.NoTarget, AtMost: false));
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

    private static double Seconds(Action work)
    {
        long began = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private sealed class Log : IDisposable
    {
        private readonly string _folder;

        public Log(string folder, string more)
        {
            _folder = folder;
            Directory.CreateDirectory(folder);
            var files = new SpoolFolder(folder);
            AuditKeyStore keys = Credentials.AuditKeys(folder);
            SpoolRecovery.Initialise(files, keys, Origin);
            AuditSettings settings = EdgedSettings.Parse(
                Encoding.UTF8.GetBytes($"format = 1\n[audit]\ndirectory = \"{folder}\"\nmin_free_bytes = 0\nmax_bytes = 268435456\non_full = \"rotate\"\nkeep_days = 0\nepoch_seconds = 86400\n{more}\n"), "edged.toml").Audit;
            Spool = AuditSpool.Open(settings, keys, TimeProvider.System);
        }

        public AuditSpool Spool { get; }

        public byte[][] Segments() =>
            [.. Directory.GetFiles(_folder, "*.segment").Order(StringComparer.Ordinal).Select(file => File.ReadAllBytes(file)).Select(bytes => bytes[..(bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 8)])];

        public void Verify(byte[][] segments, TreeHasher hasher, int atOnce = 1)
        {
            using NoteVerifier first = NoteVerifier.Parse(File.ReadAllText(Path.Combine(_folder, SpoolLayout.FirstKey)).TrimEnd());
            SpoolVerdict verdict = new SpoolVerifier(first) { Chain = EpochChain.Read(first, []), Hasher = hasher, AtOnce = atOnce }.Verify(segments.Select(ISegmentBytes (bytes, index) => new Segment(bytes, index)));
            if (!verdict.IsSound)
            {
                throw new InvalidOperationException($"{verdict.Fault}");
            }
        }

        // The same leaves and nodes by one call of the library for each, nothing checked.
        public void HashEach(byte[][] segments)
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

        public void Dispose() => Spool.Dispose();
    }

    private sealed class Segment(byte[] bytes, int index) : ISegmentBytes
    {
        public string Name => index.ToString(CultureInfo.InvariantCulture);

        public long Length => bytes.Length;

        public int Read(long offset, Span<byte> into)
        {
            int length = (int)Math.Min(into.Length, Math.Max(0, bytes.Length - offset));
            bytes.AsSpan((int)Math.Min(offset, bytes.Length), length).CopyTo(into);
            return length;
        }
    }
}
