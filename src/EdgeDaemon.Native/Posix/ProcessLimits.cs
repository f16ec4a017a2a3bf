using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Posix;

/// <summary>What this process takes from itself, for good (setrlimit(2), prctl(2)).</summary>
public static unsafe class ProcessLimits
{
    private const int Kill = 9; // SIGKILL
    private const int AllCategories = 0x1fbf; // LC_ALL_MASK

    private enum Resource
    {
        ProcessorSeconds = 0, // RLIMIT_CPU
        FileSize = 1, // RLIMIT_FSIZE
        Data = 2, // RLIMIT_DATA
        Core = 4, // RLIMIT_CORE
        OpenFiles = 7, // RLIMIT_NOFILE
    }

    /// <summary>Holds nothing but its three pipes of what its parent had, leaves no core file, and dies when its parent does.</summary>
    public static void BelongToParent()
    {
        Descriptors.CloseInherited();
        Set(Resource.Core, 0);
        Require(ProcessCalls.PrCtl(ProcessCalls.ParentDeathSignal, Kill), "die with the parent");
    }

    /// <summary>From here on: no privilege, no new descriptor (so no file, no socket), no file written, and bounded memory and processor time.</summary>
    /// <param name="dataBytes">
    /// Private writable memory (RLIMIT_DATA counts it since Linux 4.7; what is only reserved does not count). A backstop: an allocation that fails is swallowed
    /// by libraries, which then do in the parent what failed here; <see cref="ResidentMemory"/> says what was taken.
    /// </param>
    /// <param name="processorSeconds">Of all threads.</param>
    public static void Confine(long dataBytes, int processorSeconds)
    {
        DropCapabilities();

        // Nobody of the same user may look into it. Last, since from here on its files in /proc belong to root.
        Require(ProcessCalls.PrCtl(ProcessCalls.SetDumpable, 0), "become undumpable");

        // The address space itself stays unlimited: the collector reserves much of it and uses little.
        Set(Resource.Data, (ulong)dataBytes);
        Set(Resource.ProcessorSeconds, (ulong)processorSeconds);
        Set(Resource.FileSize, 0);

        // 0 to 2 stay usable; the next number would be 3.
        Set(Resource.OpenFiles, 3);
    }

    /// <summary>Lets the C library read a locale's files while files can still be opened; ONNX Runtime's StringNormalizer asks for it by name.</summary>
    public static void WarmLocale(string name) => ProcessCalls.NewLocale(AllCategories, name, 0);

    /// <summary>Ends the process at once, whatever its other threads do.</summary>
    public static void EndNow(int exitCode) => ProcessCalls.Exit(exitCode);

    // Root may raise its limits again; nobody else may. This thread's, which does the work; the filter keeps all of them from raising anything.
    private static void DropCapabilities()
    {
        const uint Version3 = 0x20080522; // _LINUX_CAPABILITY_VERSION_3: two words for each of three sets
        var header = new ProcessCalls.CapabilityHeader { Version = Version3 };
        ulong* sets = stackalloc ulong[3];
        new Span<ulong>(sets, 3).Clear();
        bool gone = ProcessCalls.SetCapabilities(&header, sets) == 0;

        // A unit's filter may deny the call to a user who has none anyway.
        if (!gone && FileCalls.GetEffectiveUser() == 0)
        {
            throw PosixException.Last("give its privileges away", "this process");
        }
    }

    private static void Set(Resource resource, ulong value)
    {
        var limit = new ProcessCalls.Limit { Soft = value, Hard = value };
        Require(ProcessCalls.SetResourceLimit((int)resource, &limit), $"limit {resource}");
    }

    private static void Require(int result, string action)
    {
        if (result != 0)
        {
            throw new PosixException(action, "this process", Marshal.GetLastPInvokeError());
        }
    }
}
