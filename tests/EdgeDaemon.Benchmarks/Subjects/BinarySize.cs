using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>The published executables, in MB (10^6 bytes) as people read file sizes.</summary>
internal static class BinarySize
{
    private const double Megabyte = 1e6;

    public static void Measure(Options options, ReportFiles report)
    {
        double bare = new FileInfo(options.Bare).Length / Megabyte;
        foreach (string executable in (string[])[options.Edged, options.EdgeCtl])
        {
            double? size = File.Exists(executable) ? new FileInfo(executable).Length / Megabyte : null;
            report.Add(new Finding(
                $"size of {Path.GetFileName(executable)}", "MB", null, bare, size, "size",
                size is double known ? new Interval(known, known, known) : null, 20, AtMost: true));
        }
    }
}
