namespace EdgeDaemon.EndToEnd;

/// <summary>
/// What strace cannot do to a process: writes that are cut short, and a wall clock that is set. A small library in front of libc, compiled where the test runs. The program looks
/// libc's functions up by name, so the look-up is in front as well.
/// </summary>
internal sealed class FaultShim
{
    private const string Source = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <fcntl.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <time.h>
        #include <unistd.h>

        static volatile long *offset; /* nanoseconds that the wall clock is off */
        static volatile long *shorts; /* writes that were cut short so far */
        static int cuts;

        __attribute__((constructor)) static void begin(void)
        {
            const char *place = getenv("SHIM_CLOCK");
            int file = place ? open(place, O_RDWR) : -1;
            if (file >= 0) offset = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), shorts = offset + 1;
            cuts = getenv("SHIM_SHORT") != 0;
        }

        int clock_gettime(clockid_t clock, struct timespec *now)
        {
            int result = syscall(SYS_clock_gettime, clock, now);
            if (result == 0 && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += *offset / 1000000000;
            return result;
        }

        ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at)
        {
            if (cuts && length > 1) { if (shorts) __sync_fetch_and_add(shorts, 1); length = (length + 1) / 2; }
            return syscall(SYS_pwrite64, file, bytes, length, at);
        }

        void *dlsym(void *library, const char *name)
        {
            static void *(*next)(void *, const char *);
            if (!next) next = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
            if (!next) next = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
            if (strcmp(name, "pwrite64") == 0) return pwrite64;
            return next(library, name);
        }
        """;

    private readonly string _library;
    private readonly string _clock;

    private FaultShim(string library, string clock) => (_library, _clock) = (library, clock);

    /// <summary>Writes that were cut short so far: the control that any were.</summary>
    public long ShortWrites => BitConverter.ToInt64(File.ReadAllBytes(_clock), 8);

    public Dictionary<string, string> Environment(bool shortWrites) => shortWrites
        ? new() { ["LD_PRELOAD"] = _library, ["SHIM_CLOCK"] = _clock, ["SHIM_SHORT"] = "1" }
        : new() { ["LD_PRELOAD"] = _library, ["SHIM_CLOCK"] = _clock };

    /// <summary>The wall clock of a process under it jumps, by so much from the true time.</summary>
    public void SetClock(TimeSpan off)
    {
        using FileStream file = File.Open(_clock, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.Write(BitConverter.GetBytes(off.Ticks * 100));
    }

    public static FaultShim Make(StateDirectory state)
    {
        if (!File.Exists("/usr/bin/gcc") || System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture != System.Runtime.InteropServices.Architecture.X64)
        {
            Assert.Inconclusive("skipped: no gcc, or no x86-64");
        }

        string source = state.At("shim.c"), library = state.At("shim.so"), clock = state.At("shim.clock");
        File.WriteAllText(source, Source);
        File.WriteAllBytes(clock, new byte[4096]);
        Command.Run("/usr/bin/gcc", "-shared", "-fPIC", "-O1", "-w", "-o", library, source, "-ldl").Succeeded();
        return new FaultShim(library, clock);
    }
}
