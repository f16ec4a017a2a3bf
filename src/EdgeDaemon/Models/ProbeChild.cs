using System.Diagnostics;
using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Models;

/// <summary>
/// The daemon's side of <c>edged probe</c>: this executable again, in a process that may die. Whatever comes back from there is written by
/// whoever wrote the model: it is bounded, parsed strictly, and shown escaped.
/// </summary>
internal sealed class ProbeChild(EdgedSettings settings)
{
    public const string Verb = "probe-child";

    /// <summary>The child's exit code when it refuses the release and has said why; every other but 0 is a crash.</summary>
    public const int Refused = 3;

    private const int MostSaid = 4096;
    private const int SignalBase = 128;

    /// <summary>Longer than any probe takes, for the service manager.</summary>
    public TimeSpan LongestTime => TimeSpan.FromSeconds(settings.Probe.TimeoutSeconds + 10);

    /// <summary>With how many threads for an operator a release is measured.</summary>
    public static int ThreadsFor(EdgedSettings settings, ModelManifest manifest) => LanePlan.Of(settings.Engine, manifest, Environment.ProcessorCount, null).Threads;

    /// <summary>For how many cores layouts are compared; 0: somebody has chosen.</summary>
    public static int CoresFor(EdgedSettings settings, ModelManifest manifest) => LanePlan.IsOpen(settings.Engine, manifest.Session) ? Environment.ProcessorCount : 0;

    /// <exception cref="BundleException">The child refused, crashed, or took too long or too much.</exception>
    /// <exception cref="OperationCanceledException">The caller wants it no more.</exception>
    public ProbeReport Run(ReceivedBundle bundle, CancellationToken stop)
    {
        using Process child = Start(bundle);
        Task handing = Aside(() => Hand(child, bundle));
        Task<byte[]> report = Aside(() => ReadBounded(child.StandardOutput.BaseStream, ProbeReport.MostBytes));
        Task<byte[]> said = Aside(() => ReadBounded(child.StandardError.BaseStream, MostSaid));

        bool inTime;
        using (stop.UnsafeRegister(static process => ((Process)process!).Kill(), child))
        {
            inTime = child.WaitForExit(TimeSpan.FromSeconds(settings.Probe.TimeoutSeconds));
            if (!inTime)
            {
                child.Kill();
                child.WaitForExit();
            }
        }

        // The pipes end with the child: it can make no process that would hold them.
        Task.WaitAll([handing, report, said], CancellationToken.None);
        stop.ThrowIfCancellationRequested();
        if (!inTime)
        {
            throw new BundleException($"probe: its first load or self-test took longer than probe.timeout_seconds {settings.Probe.TimeoutSeconds} and was stopped");
        }

        string text = Printable.Of(Encoding.UTF8.GetString(said.Result).Trim(), 400);
        return child.ExitCode switch
        {
            0 => Judged(report.Result, bundle.Verified.ReleaseDigest),
            Refused => throw new BundleException($"probe: {text}"),
            int died => throw new BundleException(
                $"probe: the process that loaded it first died ({Cause(died)}); it had {settings.Probe.MaxMemoryBytes} bytes (probe.max_memory_bytes){(text.Length > 0 ? $": {text}" : "")}"),
        };
    }

    private Process Start(ReceivedBundle bundle)
    {
        int cores = CoresFor(settings, bundle.Manifest);
        var start = new ProcessStartInfo("/proc/self/exe") // Not by its path: that may be the next version's by now.
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        foreach (string argument in (string[])[
            Verb,
            "--release", bundle.Verified.ReleaseDigest,
            "--library", settings.Runtime.Library,
            "--sha256", settings.Runtime.Sha256 ?? Native.Onnx.OnnxLibraryPins.Current,
            "--memory", Number(settings.Probe.MaxMemoryBytes),
            "--seconds", Number(settings.Probe.TimeoutSeconds),
            "--tensor-bytes", Number(settings.Limits.MaxTensorBytes),
            "--threads", Number(ThreadsFor(settings, bundle.Manifest)),
            "--cores", Number(cores)])
        {
            start.ArgumentList.Add(argument);
        }

        // Where secrets lie is nothing that a model's first load should know: it gets what the library and the locale need.
        foreach (string variable in start.Environment.Keys.Where(name => !IsHarmless(name)).ToArray())
        {
            start.Environment.Remove(variable);
        }

        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception failure)
        {
            throw new BundleException($"probe: no child process could be started: {failure.Message}");
        }
    }

    private static bool IsHarmless(string variable) =>
        variable is "LD_LIBRARY_PATH" or "LANG" or "LOCPATH" or "TZ" or "ORT_DISABLE_TELEMETRY" || variable.StartsWith("LC_", StringComparison.Ordinal) || variable.StartsWith("DOTNET_", StringComparison.Ordinal);

    // On threads of their own: they block until the child has read and said everything, and so does the one that waits for the child.
    private static Task Aside(Action work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static Task<byte[]> Aside(Func<byte[]> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static void Hand(Process child, ReceivedBundle bundle)
    {
        try
        {
            using Stream pipe = child.StandardInput.BaseStream;
            HandedFiles.Write(pipe, bundle);
        }
        catch (IOException)
        {
            // It died before it had everything; its exit code says more.
        }
    }

    // To the end, so that the child never blocks on us; what is beyond the bound is dropped.
    private static byte[] ReadBounded(Stream pipe, int most)
    {
        var kept = new MemoryStream();
        byte[] buffer = new byte[4096];
        for (int read; (read = pipe.Read(buffer)) > 0;)
        {
            kept.Write(buffer, 0, Math.Min(read, most + 1 - (int)kept.Length));
        }

        return kept.ToArray();
    }

    private ProbeReport Judged(byte[] text, string release)
    {
        try
        {
            ProbeReport report = ProbeReport.Parse(text.AsSpan(0, Math.Min(text.Length, ProbeReport.MostBytes)), "probe");
            return report.Release == release && report.Library == (settings.Runtime.Sha256?.ToLowerInvariant() ?? Native.Onnx.OnnxLibraryPins.Current) && report.Daemon == Hosting.Build.Version
                ? report
                : throw new BundleException("probe: it reported on something else than it was given");
        }
        catch (Exception wrong) when (wrong is TomlException or TomlInvalidException)
        {
            throw new BundleException($"probe: its report cannot be read: {Printable.Of(wrong.Message, 400)}");
        }
    }

    private static string Cause(int exitCode) => exitCode switch
    {
        SignalBase + 6 => "signal 6, it aborted",
        SignalBase + 9 => "signal 9, killed: for memory, if nobody did it by hand",
        SignalBase + 11 => "signal 11, it touched memory that is not its own",
        SignalBase + 31 => "signal 31, a system call that it may not make, or a single piece of more memory than all may be",
        SignalBase + 24 => "signal 24, its processor time was used up",
        > SignalBase => $"signal {exitCode - SignalBase}",
        _ => $"exit code {exitCode}",
    };

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
