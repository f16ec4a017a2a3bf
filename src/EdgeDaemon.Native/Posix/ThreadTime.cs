using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Posix;

/// <summary>What the calling thread has cost.</summary>
public static unsafe partial class ThreadTime
{
    private const int ThreadClock = 3; // CLOCK_THREAD_CPUTIME_ID

    /// <summary>Nanoseconds of CPU, the kernel's on its behalf included (clock_gettime(2)); those that others had its core meanwhile are not in it.</summary>
    public static long Used()
    {
        Moment now;
        _ = GetTime(ThreadClock, &now); // Cannot fail: the clock exists and the memory is there.
        return (now.Seconds * 1_000_000_000) + now.Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [SuppressGCTransition]
    private static partial int GetTime(int clock, Moment* time);

    /// <summary>struct timespec.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Moment
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
