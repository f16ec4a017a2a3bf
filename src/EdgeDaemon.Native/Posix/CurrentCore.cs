using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Posix;

/// <summary>Where the calling thread runs.</summary>
public static partial class CurrentCore
{
    private const int Configured = 83; // _SC_NPROCESSORS_CONF

    /// <summary>Numbers are below this; 1 or more. Not how many there are to run on.</summary>
    public static int Count { get; } = Math.Max(1, (int)Configuration(Configured));

    /// <summary>Its number (sched_getcpu(3)), from 0; it may be another by the time it is looked at. 0 where the kernel does not say.</summary>
    public static int Number()
    {
        int number = Get();
        return (uint)number < (uint)Count ? number : 0;
    }

    [LibraryImport("libc", EntryPoint = "sched_getcpu")]
    [SuppressGCTransition]
    private static partial int Get();

    [LibraryImport("libc", EntryPoint = "sysconf")]
    private static partial nint Configuration(int name);
}
