using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EdgeDaemon.EndToEnd;

/// <summary>Bytes that were looked for and found: how often, and where first.</summary>
/// <param name="What">What they are.</param>
/// <param name="Mapping">Where they lie: the line of /proc/PID/maps.</param>
/// <param name="Count">Times, in that mapping.</param>
/// <param name="First">Address.</param>
internal sealed record Hit(string What, string Mapping, int Count, ulong First)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Count} x {What} from {First:x} on in {Mapping}");
}

/// <summary>
/// Looks through every readable page of another process, as whoever took the process over could: by /proc/PID/maps, pagemap and mem (proc(5)). The process is stopped
/// meanwhile, so that nothing moves from where was not looked yet to where was.
/// </summary>
internal sealed partial class ProcessMemory(int process)
{
    private const int Page = 4096;
    private const int Chunk = 4 << 20;
    private const int Stop = 19;
    private const int Continue = 18;
    private const ulong PresentOrSwapped = 3UL << 62;

    /// <summary>Bytes that the last search has looked at.</summary>
    public long Searched { get; private set; }

    public List<Hit> Search(IReadOnlyList<(string What, byte[] Needle)> needles)
    {
        foreach ((string what, byte[] needle) in needles)
        {
            Assert.IsGreaterThanOrEqualTo(16, needle.Length, $"{what}: shorter ones are found by chance");
        }

        Assert.AreEqual(0, Signal(process, Stop));
        try
        {
            return SearchStopped(needles);
        }
        finally
        {
            _ = Signal(process, Continue);
        }
    }

    private List<Hit> SearchStopped(IReadOnlyList<(string What, byte[] Needle)> needles)
    {
        Searched = 0;
        var hits = new List<Hit>();
        using SafeFileHandle memory = File.OpenHandle($"/proc/{process}/mem");
        using SafeFileHandle pages = File.OpenHandle($"/proc/{process}/pagemap");
        byte[] buffer = GC.AllocateUninitializedArray<byte>(Chunk, pinned: true);
        int overlap = needles.Max(needle => needle.Needle.Length) - 1;
        foreach (string mapping in File.ReadAllLines($"/proc/{process}/maps"))
        {
            string[] parts = mapping.Split(' ', 3);
            if (parts[1][0] != 'r' || mapping.EndsWith("[vvar]", StringComparison.Ordinal) || mapping.EndsWith("[vsyscall]", StringComparison.Ordinal))
            {
                continue;
            }

            string[] ends = parts[0].Split('-');
            var found = new Dictionary<string, (int Count, ulong First)>();
            foreach ((ulong start, ulong end) in Runs(pages, ulong.Parse(ends[0], NumberStyles.HexNumber), ulong.Parse(ends[1], NumberStyles.HexNumber)))
            {
                for (ulong at = start; at < end;)
                {
                    int read = RandomAccess.Read(memory, buffer.AsSpan(0, (int)Math.Min((ulong)Chunk, end - at)), (long)at);
                    if (read <= 0)
                    {
                        break;
                    }

                    Searched += read;
                    foreach ((string what, byte[] needle) in needles)
                    {
                        Find(buffer.AsSpan(0, read), needle, at, what, found);
                    }

                    // What begins in the last bytes is looked for again with what follows them.
                    at += at + (ulong)read >= end ? (ulong)read : (ulong)(read - overlap);
                }
            }

            hits.AddRange(found.Select(one => new Hit(one.Key, mapping, one.Value.Count, one.Value.First)));
        }

        return hits;
    }

    private static void Find(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> needle, ulong at, string what, Dictionary<string, (int Count, ulong First)> found)
    {
        for (int from = 0; bytes[from..].IndexOf(needle) is >= 0 and int index; from += index + needle.Length)
        {
            found[what] = found.TryGetValue(what, out (int Count, ulong First) before) ? (before.Count + 1, before.First) : (1, at + (ulong)(from + index));
        }
    }

    // Pages that were never touched are not there, and a reservation of gigabytes is mostly that.
    private static IEnumerable<(ulong Start, ulong End)> Runs(SafeFileHandle pages, ulong start, ulong end)
    {
        byte[] entries = new byte[64 * 1024];
        ulong? begun = null;
        for (ulong at = start; at < end;)
        {
            int wanted = (int)Math.Min((ulong)entries.Length, (end - at) / Page * sizeof(ulong));
            int read = RandomAccess.Read(pages, entries.AsSpan(0, wanted), (long)(at / Page * sizeof(ulong)));
            if (read < sizeof(ulong))
            {
                break;
            }

            for (int i = 0; i < read / sizeof(ulong); i++, at += Page)
            {
                bool there = (BitConverter.ToUInt64(entries, i * sizeof(ulong)) & PresentOrSwapped) != 0;
                if (there)
                {
                    begun ??= at;
                }
                else if (begun is { } run)
                {
                    begun = null;
                    yield return (run, at);
                }
            }
        }

        if (begun is { } last)
        {
            yield return (last, end);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
