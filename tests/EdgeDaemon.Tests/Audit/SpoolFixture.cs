using System.Text;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Tests.Admission;

namespace EdgeDaemon.Tests.Audit;

/// <summary>Logs on a disk in memory, and what a verifier finds in them.</summary>
internal static class SpoolFixture
{
    public const string Origin = "example.com/edge";

    /// <summary>The least segments there can be, so that a test rotates; no low space; and no stall, unless it is asked for: a test's clock may jump while the writer writes.</summary>
    public static AuditSettings Settings(string more = "") => EdgedSettings.Parse(
        Encoding.UTF8.GetBytes($"format = 1\n[audit]\nsegment_bytes = 262144\nmin_free_bytes = 0\n{(more.Contains("max_bytes", StringComparison.Ordinal) ? "" : "max_bytes = 1073741824\n")}{(more.Contains("stall_seconds", StringComparison.Ordinal) ? "" : "stall_seconds = 3600\n")}{more}\n"), "edged.toml").Audit;

    /// <summary>With a mark of low space that is above nothing, and this policy for it.</summary>
    public static AuditSettings With(this AuditSettings settings, string onLowSpace) => settings with
    {
        MinFreeBytes = 1 << 20,
        OnLowSpace = onLowSpace switch { "refuse" => AuditPolicy.Refuse, "rotate" => AuditPolicy.Rotate, _ => AuditPolicy.DropAndCount },
    };

    /// <summary>Segments of several groups.</summary>
    public static AuditSettings Larger(this AuditSettings settings) => settings with { SegmentBytes = 4 << 20 };

    public static MemoryDisk NewLog()
    {
        var disk = new MemoryDisk();
        SpoolRecovery.Initialise(disk, disk.Keys, Origin);
        return disk;
    }

    public static AuditSpool Open(this MemoryDisk disk, AuditSettings? settings = null, TimeProvider? clock = null) =>
        AuditSpool.Open(settings ?? Settings(), disk, disk.Keys, clock ?? new TestClock());

    /// <summary>A record that can be told from all others.</summary>
    public static byte[] Record(int number, int size = 200)
    {
        byte[] bytes = new byte[Math.Max(size, 40) + 100];
        var writer = new RecordWriter(bytes, RecordKind.Request);
        writer.Text(RecordField.RequestId, $"r{number}");
        writer.Text(RecordField.Detail, new string('x', Math.Clamp(size - 20, 1, 500)));
        return bytes[..writer.Finish()];
    }

    public static AuditPlace AppendStrictly(this AuditSpool spool, ReadOnlyMemory<byte> record)
    {
        Task<AuditPlace> task = spool.AppendAsync(new AuditWaiter(), record, strict: true).AsTask();
        Assert.IsTrue(task.Wait(TimeSpan.FromSeconds(20)), $"{spool.State} {spool.Figures}");
        return task.Result;
    }

    /// <summary>Records that the log says are lost, by cause.</summary>
    public static Dictionary<string, long> Dropped(MemoryDisk disk)
    {
        var found = new Dictionary<string, long>();
        foreach (string name in disk.Names().Where(name => SpoolLayout.TryParseSegment(name, out ulong _)))
        {
            var walk = new SegmentWalk(new Segment(disk, name));
            while (walk.Next())
            {
                var reader = new RecordReader(Frame.Record(walk.Frame));
                if (reader.Kind != RecordKind.Dropped)
                {
                    continue;
                }

                string cause = "";
                while (reader.Next())
                {
                    if (reader.Field == RecordField.Cause)
                    {
                        cause = Encoding.UTF8.GetString(reader.Bytes);
                    }
                    else if (reader.Field == RecordField.Count)
                    {
                        found[cause] = found.GetValueOrDefault(cause) + (long)reader.Number;
                    }
                }
            }
        }

        return found;
    }

    /// <summary>Verifies a whole log from its first key; what is in it by request id, and how often.</summary>
    public static SpoolVerdict Verify(this MemoryDisk disk, out Dictionary<string, int> requests, out List<RecordKind> kinds)
    {
        var found = new Dictionary<string, int>();
        var seen = new List<RecordKind>();
        using NoteVerifier first = NoteVerifier.Parse(Encoding.ASCII.GetString(disk.Bytes(SpoolLayout.FirstKey)).TrimEnd());
        EpochChain chain = EpochChain.Read(first, disk.Read(SpoolLayout.Epochs, int.MaxValue) ?? []);
        var verifier = new SpoolVerifier(first)
        {
            Chain = chain,
            ChecksRecords = true,
            Visitor = (_, _, frame, _) =>
            {
                var reader = new RecordReader(Frame.Record(frame));
                seen.Add(reader.Kind);
                while (reader.Next())
                {
                    if (reader.Kind == RecordKind.Request && reader.Field == RecordField.RequestId)
                    {
                        string id = Encoding.UTF8.GetString(reader.Bytes);
                        found[id] = found.GetValueOrDefault(id) + 1;
                    }
                }
            },
        };
        SpoolVerdict verdict = verifier.Verify(disk.Names().Where(name => SpoolLayout.TryParseSegment(name, out ulong _)).Order(StringComparer.Ordinal).Select(name => new Segment(disk, name)));
        (requests, kinds) = (found, seen);
        return verdict;
    }

    public static void AssertSound(SpoolVerdict verdict) => Assert.IsTrue(verdict.IsSound, verdict.Fault?.ToString());

    private sealed class Segment(MemoryDisk disk, string name) : ISegmentBytes
    {
        private readonly byte[] _bytes = disk.Bytes(name);

        public string Name => name;

        public long Length => _bytes.Length;

        public int Read(long offset, Span<byte> into)
        {
            int length = (int)Math.Min(into.Length, Math.Max(0, _bytes.Length - offset));
            _bytes.AsSpan((int)Math.Min(offset, _bytes.Length), length).CopyTo(into);
            return length;
        }
    }
}
