using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Bundles;

/// <summary>What the child process that loaded a release first has seen; its own text, so read as strictly as anything a hostile model may have written.</summary>
/// <param name="Release">Digest of the release.</param>
/// <param name="Library">SHA-256 of the inference library.</param>
/// <param name="Daemon">Version of edged.</param>
/// <param name="MaxMemoryBytes">That the child was allowed.</param>
/// <param name="Threads">For one operator.</param>
/// <param name="Filtered">The child ran under a filter of system calls, not under limits alone.</param>
/// <param name="LoadSeconds">For one session of each member.</param>
/// <param name="LoadPeakBytes">Resident memory at its highest while they were made, above what the empty process had.</param>
/// <param name="SelfTests">How many of the bundle's ran, all of them passed.</param>
/// <param name="Batches">By growing size; empty when nothing could be measured.</param>
/// <param name="Unmeasured">Why the list of batches ends where it does, when not by its own limits.</param>
public sealed record ProbeReport(
    string Release, string Library, string Daemon, long MaxMemoryBytes, int Threads, bool Filtered, double LoadSeconds, long LoadPeakBytes, int SelfTests, ImmutableArray<ProbedBatch> Batches, string? Unmeasured)
{
    /// <summary>That the child could use; 0: it measured no layouts, since none were to be chosen.</summary>
    public int Cores { get; init; }

    /// <summary>Ways to spread its runs over the cores, in the order of preference; empty when none were compared.</summary>
    public ImmutableArray<ProbedLayout> Layouts { get; init; } = [];

    /// <summary>No report is longer; what is, is none.</summary>
    public const int MostBytes = 64 << 10;

    private const int MostBatches = 64;
    private const int MostLayouts = 16;
    private const int MostCores = 1 << 16;
    private const double LongestSeconds = 1e9;

    public byte[] Write()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            # Written by edged: the first load of a release in a process of its own. Without this file it is probed again.
            format = 1
            release = "{Release}"
            library = "{Library}"
            daemon = "{Daemon}"
            max_memory_bytes = {MaxMemoryBytes}
            threads = {Threads}
            filtered = {(Filtered ? "true" : "false")}
            load_seconds = {Float(LoadSeconds)}
            load_peak_bytes = {LoadPeakBytes}
            self_tests = {SelfTests}
            cores = {Cores}

            """);
        if (Unmeasured is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"unmeasured = \"{Unmeasured.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"\n");
        }

        foreach (ProbedBatch batch in Batches)
        {
            text.Append(CultureInfo.InvariantCulture, $"""

                [[batch]]
                size = {batch.Size}
                seconds = {Float(batch.Seconds)}
                peak_bytes = {batch.PeakBytes}
                input_bytes = {batch.InputBytes}
                run_bytes = {batch.RunBytes}

                """);
        }

        foreach (ProbedLayout layout in Layouts)
        {
            text.Append(CultureInfo.InvariantCulture, $"""

                [[layout]]
                lanes = {layout.Lanes}
                threads = {layout.Threads}
                session_per_lane = {(layout.SessionPerLane ? "true" : "false")}
                runs_per_second = {Float(layout.RunsPerSecond)}

                """);
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <exception cref="TomlException">The text is no TOML 1.0.</exception>
    /// <exception cref="TomlInvalidException">It is, but no report.</exception>
    public static ProbeReport Parse(ReadOnlySpan<byte> utf8, string file)
    {
        var diagnostics = new TomlDiagnostics(file);
        var root = new TomlSection(TomlReader.Read(utf8, file), diagnostics);
        if (!root.Format(1))
        {
            diagnostics.ThrowIfAny();
        }

        var report = new ProbeReport(
            root.RequiredString("release", Sha256Hex.Digits, Sha256Hex.Fault),
            root.RequiredString("library", Sha256Hex.Digits, Sha256Hex.Fault),
            root.RequiredString("daemon", 128, Plain),
            root.RequiredInteger("max_memory_bytes", 0, long.MaxValue),
            (int)root.RequiredInteger("threads", 1, int.MaxValue),
            root.Boolean("filtered", false),
            root.Float("load_seconds", 0, 0, LongestSeconds),
            root.RequiredInteger("load_peak_bytes", 0, long.MaxValue),
            (int)root.RequiredInteger("self_tests", 0, int.MaxValue),
            [.. root.Tables("batch", MostBatches).Select(batch => new ProbedBatch(
                batch.RequiredInteger("size", 0, int.MaxValue),
                batch.Float("seconds", 0, 0, LongestSeconds),
                batch.RequiredInteger("peak_bytes", 0, long.MaxValue),
                batch.Integer("input_bytes", 0, 0, long.MaxValue),
                batch.Integer("run_bytes", 0, 0, long.MaxValue)))],
            root.OptionalString("unmeasured", 512, Plain))
        {
            Cores = (int)root.Integer("cores", 0, 0, MostCores),
            Layouts = [.. root.Tables("layout", MostLayouts).Select(layout => new ProbedLayout(
                (int)layout.RequiredInteger("lanes", 1, MostCores),
                (int)layout.RequiredInteger("threads", 1, MostCores),
                layout.Boolean("session_per_lane", false),
                layout.Float("runs_per_second", 0, 0, LongestSeconds)))],
        };
        root.Finish();
        diagnostics.ThrowIfAny();
        return report;
    }

    private static string? Plain(string text) => text.Any(char.IsControl) ? "must not hold control characters" : null;

    // TOML wants digits on both sides of the point.
    private static string Float(double value) => value.ToString("0.0########", CultureInfo.InvariantCulture);
}

/// <summary>One batch as it was measured.</summary>
/// <param name="Size">Of the first dimension.</param>
/// <param name="Seconds">The fastest of its runs, all members.</param>
/// <param name="PeakBytes">Resident memory at its highest during them, above what the empty process had.</param>
/// <param name="InputBytes">That the graphs were given, all inputs together; 0: an older report does not say.</param>
/// <param name="RunBytes">The most that one member asked of the daemon's allocator at once; 0: an older report does not say.</param>
public sealed record ProbedBatch(long Size, double Seconds, long PeakBytes, long InputBytes = 0, long RunBytes = 0);
