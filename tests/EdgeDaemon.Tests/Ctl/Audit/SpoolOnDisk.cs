using System.Globalization;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Tests.Audit.Segments;
using EdgeDaemon.Tests.Posix.Files;

namespace EdgeDaemon.Tests.Ctl.Audit;

/// <summary>A log that was written in memory, as files in a folder: what edgectl is given.</summary>
internal sealed class SpoolOnDisk : IDisposable
{
    private readonly TestTree _tree = new();

    public SpoolOnDisk(MemorySpool log)
    {
        Log = log;
        Directory.CreateDirectory(Folder);
        Save();
    }

    public MemorySpool Log { get; }

    public string Folder => _tree["audit"];

    /// <summary>The auditor's own copy of the first key, outside of the folder.</summary>
    public string Key => _tree["kept.vkey"];

    public string this[string name] => _tree[name];

    /// <summary>Three segments, two epochs, requests of two models by three callers, a refusal.</summary>
    public static SpoolOnDisk Usual()
    {
        var log = new MemorySpool(MemorySpool.NewKeys(2));
        Request(log, "plant", "unix:1000", "digits", "ok");
        Request(log, "plant", "unix:1001", "digits", "ok");
        Request(log, "office", "unix:1002", "cats", "refused", "queue_full");
        log.Checkpoint().Rotate();
        log.Time += 60_000_000;
        log.Requests(20).NextEpoch().Requests(5).Checkpoint().Rotate();
        log.Time += 60_000_000;
        Request(log, "office", "unix:1002", "digits-large", "ok");
        log.Requests(3).Checkpoint();
        return new SpoolOnDisk(log);
    }

    public static void Request(MemorySpool log, string tenant, string caller, string model, string outcome, string? refusal = null, Redaction? redaction = null)
    {
        byte[] buffer = new byte[1024];
        var writer = new RecordWriter(buffer, refusal is null ? RecordKind.Request : RecordKind.Refusal, redaction);
        writer.Text(RecordField.RequestId, "r-" + log.Size.ToString(CultureInfo.InvariantCulture));
        writer.Text(RecordField.Tenant, tenant);
        writer.Text(RecordField.Caller, caller);
        writer.Text(RecordField.Model, model);
        writer.Text(RecordField.Outcome, outcome);
        writer.Text(RecordField.Refusal, refusal ?? "");
        writer.Number(RecordField.TotalMicroseconds, 1234UL);
        log.Time += 1000;
        log.Append(buffer.AsSpan(0, writer.Finish()));
    }

    /// <summary>Brings the files to what the log in memory is now, in place: a reader that has one open sees it.</summary>
    public void Save()
    {
        for (int number = 0; number < Log.Segments.Count; number++)
        {
            using FileStream file = File.Open(Segment(number), FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
            file.Write(Log.Segments[number]);
        }

        string vkey;
        using (var key = Log.FirstKey())
        {
            vkey = key + "\n";
        }

        File.WriteAllText(Path.Combine(Folder, SpoolLayout.FirstKey), vkey);
        File.WriteAllText(Key, vkey);
        File.WriteAllBytes(Path.Combine(Folder, SpoolLayout.Epochs), [.. Log.Chain]);
        File.WriteAllBytes(Path.Combine(Folder, SpoolLayout.Next), new byte[8192]);
    }

    public string Segment(int number) => Path.Combine(Folder, SpoolLayout.SegmentName((ulong)number));

    /// <summary>One run of <c>edgectl audit COMMAND</c> on this folder.</summary>
    public ToolRun Run(string command, params string[] more) => ToolRun.Of(["audit", command, "--spool", Folder, .. more]);

    public ToolRun Verify(params string[] more) => Run("verify", ["--key", Key, .. more]);

    /// <summary>Good frames behind those that a segment has, which the log in memory knows nothing of.</summary>
    public static void AppendHeartbeats(byte[] segment, int from, long sequence, int count)
    {
        uint checksum = SegmentHeader.ChecksumOf(segment);
        for (int at = SegmentHeader.Length; at < from; at += Frame.TotalBytes(Frame.Length(segment.AsSpan(at))))
        {
            checksum = Frame.ChecksumOf(segment.AsSpan(at));
        }

        for (int number = 0; number < count; number++)
        {
            segment[from + Frame.HeaderBytes] = (byte)RecordKind.Heartbeat;
            from += Frame.Seal(segment.AsSpan(from), 1, (ulong)(sequence + number), 1_767_225_600_000_000, ref checksum);
        }
    }

    /// <summary>Changes one file's bytes.</summary>
    public void Edit(int segment, Action<byte[]> edit)
    {
        byte[] bytes = File.ReadAllBytes(Segment(segment));
        edit(bytes);
        File.WriteAllBytes(Segment(segment), bytes);
    }

    public void Dispose() => _tree.Dispose();
}
