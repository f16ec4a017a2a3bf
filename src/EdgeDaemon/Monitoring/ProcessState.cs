using System.Globalization;

namespace EdgeDaemon.Monitoring;

/// <summary>What the kernel says of this process, read when it is asked for (proc(5)).</summary>
/// <param name="ResidentBytes">Memory that is there.</param>
/// <param name="Threads">Of all kinds.</param>
internal readonly record struct ProcessState(long ResidentBytes, long Threads)
{
    public static ProcessState Read()
    {
        long resident = 0;
        long threads = 0;
        foreach (string line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith("VmRSS:", StringComparison.Ordinal))
            {
                resident = Number(line.AsSpan("VmRSS:".Length)) * 1024;
            }
            else if (line.StartsWith("Threads:", StringComparison.Ordinal))
            {
                threads = Number(line.AsSpan("Threads:".Length));
            }
        }

        return new ProcessState(resident, threads);
    }

    private static long Number(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        int end = text.IndexOf(' ');
        return long.TryParse(end < 0 ? text : text[..end], NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : 0;
    }
}
