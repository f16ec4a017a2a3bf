using System.Text.Json;
using EdgeDaemon.Ctl;
using EdgeDaemon.Ctl.Audit;
using EdgeDaemon.Tests.Audit.Segments;

namespace EdgeDaemon.Tests.Ctl.Audit;

/// <summary>The export's promise: whatever dies between any two steps, no record is left out.</summary>
[TestClass]
public sealed class RecordExportTests
{
    [TestMethod]
    public void Killed_between_any_two_steps_it_leaves_nothing_out()
    {
        // The steps of an export are: a piece of lines goes out, a cursor is written. Random kills before, within and after each of them, while the log grows.
        for (int seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            using SpoolOnDisk spool = Small(random.Next(1, 30));
            var consumer = new Consumer();
            for (int run = 0; run < 25; run++)
            {
                Grow(spool, random);
                consumer.KillAt(random.Next(0, 8));
                consumer.Run(spool);
            }

            consumer.KillAt(int.MaxValue);
            consumer.Run(spool);
            consumer.HasAll((long)spool.Log.Size, $"seed {seed}");
            Assert.IsGreaterThan(0, consumer.Kills, $"seed {seed}");
        }
    }

    [TestMethod]
    public void A_cursor_that_went_first_would_lose_records()
    {
        // The control of the test above: with the two steps exchanged it must fail.
        int lost = 0;
        for (int seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            using SpoolOnDisk spool = Small(random.Next(1, 30));
            var consumer = new Consumer { CursorGoesFirst = true };
            for (int run = 0; run < 25; run++)
            {
                Grow(spool, random);
                consumer.KillAt(random.Next(0, 8));
                consumer.Run(spool);
            }

            consumer.KillAt(int.MaxValue);
            consumer.Run(spool);
            lost += consumer.Missing((long)spool.Log.Size);
        }

        Assert.IsGreaterThan(0, lost);
    }

    [TestMethod]
    public void What_a_power_cut_took_back_is_exported_again_as_it_is_then()
    {
        using SpoolOnDisk spool = Small(10);
        spool.Log.Checkpoint();
        spool.Save();
        long kept = (long)spool.Log.Size;
        int at = spool.Log.At;
        byte[] before = File.ReadAllBytes(spool.Segment(0));
        spool.Log.Requests(5);
        spool.Save();
        var consumer = new Consumer();
        consumer.Run(spool);

        // Five records were never on the disk; others stand in their place now, and more.
        SpoolOnDisk.AppendHeartbeats(before, at, kept, 9);
        File.WriteAllBytes(spool.Segment(0), before);
        consumer.Forget(kept);
        consumer.Run(spool);
        consumer.HasAll(kept + 9, "after the cut");
        Assert.HasCount(1, consumer.Warnings);
        StringAssert.Contains(consumer.Warnings[0], $"records from {kept} on are sent again", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_log_whose_past_was_written_anew_is_refused()
    {
        using SpoolOnDisk spool = Small(10);
        var consumer = new Consumer();
        consumer.Run(spool);
        var anew = new MemorySpool(spool.Log.Keys) { Time = spool.Log.Time + 5_000_000 };
        anew.Rotate().Requests(30).Checkpoint();
        using var other = new SpoolOnDisk(anew);
        StringAssert.Contains(Assert.ThrowsExactly<CtlException>(() => consumer.Run(other)).Message, "not the one that this cursor comes from", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Records_that_were_removed_before_they_were_exported_end_it()
    {
        using SpoolOnDisk spool = Small(4);
        var consumer = new Consumer();
        consumer.Run(spool);
        long had = (long)spool.Log.Size;
        spool.Log.Requests(4).Checkpoint().Rotate().Requests(2);
        spool.Save();
        long first = spool.Log.Frames.FindIndex(frame => frame.Segment == 1);
        File.Delete(spool.Segment(0));
        StringAssert.Contains(
            Assert.ThrowsExactly<CtlException>(() => consumer.Run(spool)).Message, $"records {had} to {first - 1} were removed from the log before they were exported", StringComparison.Ordinal);
        consumer.SkipMissing = true;
        consumer.Run(spool);
        Assert.AreEqual(first - had, consumer.Missing((long)spool.Log.Size));
        Assert.HasCount(1, consumer.Warnings);
    }

    [TestMethod]
    public void Records_that_were_removed_after_they_were_exported_are_missed_by_nobody()
    {
        using SpoolOnDisk spool = Small(4);
        spool.Log.Checkpoint();
        spool.Save();
        var consumer = new Consumer();
        consumer.Run(spool);
        spool.Log.Rotate().Requests(2);
        spool.Save();
        File.Delete(spool.Segment(0));
        consumer.Run(spool);
        consumer.HasAll((long)spool.Log.Size, "all");
        Assert.HasCount(0, consumer.Warnings);
    }

    [TestMethod]
    public void The_cursor_of_another_log_is_refused()
    {
        using SpoolOnDisk spool = Small(3);
        var consumer = new Consumer { Cursor = new ExportCursor("other.example/log", 1, [new LogPoint(0, new byte[32])]).ToBytes() };
        StringAssert.Contains(Assert.ThrowsExactly<CtlException>(() => consumer.Run(spool)).Message, "belongs to the log other.example/log", StringComparison.Ordinal);
    }

    private static SpoolOnDisk Small(int requests)
    {
        var log = new MemorySpool(MemorySpool.NewKeys(1));
        log.Requests(requests);
        return new SpoolOnDisk(log);
    }

    private static void Grow(SpoolOnDisk spool, Random random)
    {
        spool.Log.Requests(random.Next(0, 12));
        if (random.Next(4) == 0)
        {
            spool.Log.Checkpoint();
        }

        if (random.Next(6) == 0)
        {
            spool.Log.Rotate();
        }

        spool.Save();
    }

    /// <summary>Who takes lines and keeps a cursor, and dies at a step.</summary>
    private sealed class Consumer
    {
        private readonly HashSet<long> _has = [];
        private int _steps;
        private int _killAt = int.MaxValue;

        public byte[]? Cursor { get; set; }

        public bool SkipMissing { get; set; }

        public bool CursorGoesFirst { get; init; }

        public int Kills { get; private set; }

        public List<string> Warnings { get; } = [];

        public void KillAt(int step) => (_killAt, _steps) = (step, 0);

        public void Run(SpoolOnDisk spool)
        {
            using var reader = new SpoolReader(new SpoolFolder(spool.Folder), goOn: SkipMissing, Warnings.Add);
            var lines = new Lines(this);
            using var printer = new RecordPrinter(lines, json: true);
            var export = new RecordExport(reader, printer, Keep, Warnings.Add);
            try
            {
                export.Begin(Cursor is null ? null : ExportCursor.Parse(Cursor, "cursor"), SkipMissing);
                while (export.Send(3) > 0)
                {
                }

                lines.Land();
            }
            catch (KilledException)
            {
                Kills++;
            }
        }

        /// <summary>What was taken of these was never on the log's disk.</summary>
        public void Forget(long from) => _has.RemoveWhere(sequence => sequence >= from);

        public void HasAll(long size, string what) => Assert.AreEqual(0, Missing(size), what);

        public int Missing(long size) => (int)Enumerable.Range(0, (int)size).Count(sequence => !_has.Contains(sequence));

        private void Keep(ExportCursor cursor)
        {
            Step();
            Cursor = cursor.ToBytes();
            Step();
        }

        private void Step()
        {
            if (_steps++ >= _killAt)
            {
                throw new KilledException();
            }
        }

        private sealed class Lines(Consumer consumer) : StringWriter
        {
            private string _held = "";

            public override void Write(string? value)
            {
                consumer.Step();
                if (consumer.CursorGoesFirst)
                {
                    // They arrive only with the next ones: after the cursor.
                    (_held, value) = (value!, _held);
                }

                Take(value!);
                consumer.Step();
            }

            public void Land() => Take(_held);

            private void Take(string lines)
            {
                foreach (string line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                {
                    using JsonDocument record = JsonDocument.Parse(line);
                    consumer._has.Add(record.RootElement.GetProperty("sequence").GetInt64());
                }
            }
        }

        private sealed class KilledException : Exception;
    }
}
