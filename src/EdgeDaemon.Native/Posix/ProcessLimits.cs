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

    /// <summary>Leaves no core file, and dies when its parent does.</summary>
    public static void BelongToParent()
    {
        Set(Resource.Core, 0);
        Require(ProcessCalls.PrCtl(ProcessCalls.ParentDeathSignal, Kill), "die with the parent");
    }

    /// <summary>From here on: no new descriptor (so no file, no socket), no file written, and bounded memory and processor time.</summary>
    /// <param name="dataBytes">Private writable memory (RLIMIT_DATA counts it since Linux 4.7; what is only reserved does not count).</param>
    /// <param name="processorSeconds">Of all threads.</param>
    public static void Confine(long dataBytes, int processorSeconds)
    {
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
