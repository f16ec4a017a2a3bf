using System.Runtime.InteropServices;

namespace EdgeDaemon.Benchmarks;

/// <summary>
/// CPU time of a whole process in nanoseconds, its ended threads too (clock_getcpuclockid's clock of Linux). /proc/PID/stat counts the
/// same in steps of 10 ms, too coarse for short slices.
/// </summary>
internal static class ProcessClock
{
    private const int ScheduledTime = 2;

    public static TimeSpan Self() => Read(0);

    /// <summary>CPU time of another process; an error when it does not exist.</summary>
    public static TimeSpan Of(int process) => Read(process);

    private static TimeSpan Read(int process)
    {
        // Linux, posix-timers: the clock of process P is (~P << 3) | CPUCLOCK_SCHED; P 0 is the caller.
        if (GetTime((~process << 3) | ScheduledTime, out Timespec time) != 0)
        {
            throw new InvalidOperationException($"no CPU clock for process {process} (errno {Marshal.GetLastPInvokeError()}); has it ended?");
        }

        return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromMicroseconds(time.Nanoseconds / 1000.0);
    }

    [DllImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    private static extern int GetTime(int clock, out Timespec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
