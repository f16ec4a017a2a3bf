using System.Globalization;
using System.Text;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Core.Audit.Tree;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Hosting;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>A spool of the daemon's in a folder of its own, and what it wrote.</summary>
internal sealed class AuditLog : IDisposable
{
    private const string Origin = "bench.example/audit";

    private readonly string _folder;

    public AuditLog(string folder, string more)
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

    /// <summary>Writes records over and over, so many of them in all.</summary>
    public void Fill(byte[][] records, int count)
    {
        var waiter = new AuditWaiter();
        for (int at = 0; at < count; at++)
        {
            ValueTask<AuditPlace> place = Spool.AppendAsync(waiter, records[at % records.Length], strict: false);
            AuditPlace taken = place.IsCompletedSuccessfully ? place.Result : place.AsTask().GetAwaiter().GetResult();
            _ = taken.Verdict == AuditVerdict.Taken ? 0 : throw new InvalidOperationException($"{Spool.State}");
        }

        // Behind all of them: what is verified is whole.
        _ = Spool.AppendDurably(records[0]) is { Verdict: AuditVerdict.Taken } ? 0 : throw new InvalidOperationException($"{Spool.State}");
    }

    public byte[][] Segments() =>
        [.. Directory.GetFiles(_folder, "*.segment").Order(StringComparer.Ordinal).Select(file => File.ReadAllBytes(file)).Select(bytes => bytes[..(bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 8)])];

    public void Verify(byte[][] segments, TreeHasher hasher, int atOnce = 1)
    {
        using NoteVerifier first = NoteVerifier.Parse(File.ReadAllText(Path.Combine(_folder, SpoolLayout.FirstKey)).TrimEnd());
        SpoolVerdict verdict = new SpoolVerifier(first) { Chain = EpochChain.Read(first, []), Hasher = hasher, AtOnce = atOnce, ChecksRecords = true }.Verify(segments.Select(ISegmentBytes (bytes, index) => new Segment(bytes, index)));
        if (!verdict.IsSound)
        {
            throw new InvalidOperationException($"{verdict.Fault}");
        }
    }

    public void Dispose() => Spool.Dispose();
}

file sealed class Segment(byte[] bytes, int index) : ISegmentBytes
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
