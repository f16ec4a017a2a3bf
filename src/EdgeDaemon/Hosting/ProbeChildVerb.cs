using System.CommandLine;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Toml;
using EdgeDaemon.Models;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Native.Posix;
using Microsoft.Win32.SafeHandles;

namespace EdgeDaemon.Hosting;

/// <summary>The process that loads a release first. It is started by edged, gets the files through standard input and ends with its report.</summary>
internal static class ProbeChildVerb
{
    private const int Unforeseen = 1;
    private const int Backstop = 8;
    private const int WatchMilliseconds = 2;

    /// <summary>Not for people: it is not in the help.</summary>
    public static Command Command()
    {
        var release = new Option<string>("--release") { Required = true };
        var library = new Option<string>("--library") { Required = true };
        var sha256 = new Option<string>("--sha256") { Required = true };
        var memory = new Option<long>("--memory") { Required = true };
        var seconds = new Option<int>("--seconds") { Required = true };
        var tensorBytes = new Option<long>("--tensor-bytes") { Required = true };
        var threads = new Option<int>("--threads") { Required = true };
        var cores = new Option<int>("--cores") { Required = true };
        var command = new Command(ProbeChild.Verb) { release, library, sha256, memory, seconds, tensorBytes, threads, cores };
        command.Hidden = true;
        command.SetAction(result => Execute(
            result.GetValue(release)!,
            result.GetValue(library)!,
            result.GetValue(sha256)!,
            new FirstLoadLimits(result.GetValue(memory), TimeSpan.FromSeconds(result.GetValue(seconds)), result.GetValue(tensorBytes), result.GetValue(threads), result.GetValue(cores))));
        return command;
    }

    private static int Execute(string release, string library, string sha256, FirstLoadLimits limits)
    {
        // 1. Whatever needs a file or a new descriptor, while there are any.
        using FileStream handed = Standard(0, FileAccess.Read), report = Standard(1, FileAccess.Write), reason = Standard(2, FileAccess.Write);
        try
        {
            ProcessLimits.BelongToParent();
            ResidentMemory memory = ResidentMemory.Open(); // Open to the end: somebody looks at it all the time.
            KillMeFirst();
            ProcessLimits.WarmLocale("en_US.UTF-8");
            using OnnxRuntime runtime = OnnxRuntime.Load(library, sha256, _ => { });

            // 2. The door closes, before the first byte of the model comes in.
            ProcessLimits.Confine(limits.MemoryBytes * Backstop, ((int)limits.Time.TotalSeconds * Math.Max(limits.Threads, limits.Cores)) + 1);
            bool filtered = SystemCallFilter.TryInstall(limits.MemoryBytes) && SystemCallFilter.Holds();
            new Thread(() => Watch(memory, reason, limits.MemoryBytes)) { IsBackground = true, Priority = ThreadPriority.Highest }.Start();

            // 3. The model.
            ProbeReport seen = new FirstLoad(runtime, memory, limits, filtered).Run(release, HandedFiles.Read(handed));
            report.Write(seen.Write());
            report.Flush();
            return 0;
        }
        catch (Exception refused) when (refused is BundleException or OnnxException or OnnxContractException or OnnxLibraryRefusedException
            or TomlException or TomlInvalidException or IOException or OutOfMemoryException)
        {
            bool memory = refused is OutOfMemoryException || refused.Message.Contains("bad_alloc", StringComparison.Ordinal);
            reason.Write(Encoding.UTF8.GetBytes(memory ? $"it needs more memory than probe.max_memory_bytes {limits.MemoryBytes}" : refused.Message));
            return ProbeChild.Refused;
        }
        catch (Exception unforeseen)
        {
            // The command line's own handler would open standard error, which nobody can any more.
            reason.Write(Encoding.UTF8.GetBytes(unforeseen.ToString()));
            return Unforeseen;
        }
    }

    // What fails to be allocated is swallowed by the library's optimiser and would be made in the daemon, where nothing limits it. So it may be
    // allocated here, and what was really taken decides.
    private static void Watch(ResidentMemory memory, FileStream reason, long most)
    {
        while (memory.Now <= most)
        {
            Thread.Sleep(WatchMilliseconds);
        }

        reason.Write(Encoding.UTF8.GetBytes($"it takes more than probe.max_memory_bytes {most}"));
        ProcessLimits.EndNow(ProbeChild.Refused);
    }

    // The console's own streams make a copy of the descriptor at their first use.
    private static FileStream Standard(int descriptor, FileAccess access) => new(new SafeFileHandle(descriptor, ownsHandle: false), access, bufferSize: 0);

    // On a small device the kernel should take this process before the daemon.
    private static void KillMeFirst()
    {
        try
        {
            File.WriteAllText("/proc/self/oom_score_adj", "1000");
        }
        catch (Exception denied) when (denied is IOException or UnauthorizedAccessException)
        {
            // The limit on memory stays.
        }
    }
}
