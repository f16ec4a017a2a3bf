using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Posix;

/// <summary>
/// A list of the system calls that a process needs which only computes: memory, threads, clocks, and reading and writing what is open
/// already (seccomp(2)). All others answer EPERM: a library that looks for a file goes on without it, an intruder finds no way out.
/// </summary>
public static unsafe class SystemCallFilter
{
    private const uint Allow = 0x7fff0000; // SECCOMP_RET_ALLOW
    private const uint Errno = 0x00050000; // SECCOMP_RET_ERRNO | the number
    private const uint KillProcess = 0x80000000; // SECCOMP_RET_KILL_PROCESS
    private const int NotPermitted = 1; // EPERM
    private const int ReadWriteExecute = 7; // PROT_READ | PROT_WRITE | PROT_EXEC
    private const int PrivateAnonymous = 0x22; // MAP_PRIVATE | MAP_ANONYMOUS

    private const uint EveryThread = 1; // SECCOMP_FILTER_FLAG_TSYNC: threads that run already get the filter, too
    private const uint SpeculationAllowed = 4; // SECCOMP_FILTER_FLAG_SPEC_ALLOW: the timings should be the daemon's

    // <linux/bpf_common.h>: load a word, return, jump if equal, if any bit is set, if not below.
    private const ushort Load = 0x20;
    private const ushort Return = 0x06;
    private const ushort IfEqual = 0x15;
    private const ushort IfAnyBit = 0x45;
    private const ushort IfNotBelow = 0x35;
    private const ushort IfAbove = 0x25;

    // struct seccomp_data: number, architecture, instruction pointer, six arguments of 64 bits.
    private const uint Number = 0;
    private const uint Architecture = 4;
    private const uint FirstArgument = 16;

    private const uint CloneThread = 0x10000; // CLONE_THREAD
    private const uint Executable = 4; // PROT_EXEC
    private const uint Reserved = 0; // PROT_NONE: address space, not yet memory
    private const uint SharedOrGrowing = 0x101; // MAP_SHARED, MAP_GROWSDOWN
    private const uint X32 = 0x40000000;

    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64;

    // x86-64 and arm64 numbers (asm/unistd_64.h, asm-generic/unistd.h); -1: the processor has no such call.
    private static readonly (int X64, int Arm64)[] Plain =
    [
        (0, 63), // read
        (1, 64), // write
        (3, 57), // close
        (7, -1), // poll
        (271, 73), // ppoll
        (8, 62), // lseek
        (17, 67), // pread64
        (5, 80), // fstat
        (19, 65), // readv
        (20, 66), // writev
        (11, 215), // munmap
        (12, 214), // brk
        (25, 216), // mremap
        (27, 232), // mincore
        (28, 233), // madvise
        (239, 236), // get_mempolicy
        (13, 134), // rt_sigaction
        (14, 135), // rt_sigprocmask
        (15, 139), // rt_sigreturn
        (131, 132), // sigaltstack
        (202, 98), // futex
        (24, 124), // sched_yield
        (204, 123), // sched_getaffinity
        (309, 168), // getcpu
        (273, 99), // set_robust_list
        (334, 293), // rseq
        (324, 283), // membarrier
        (39, 172), // getpid
        (110, 173), // getppid
        (186, 178), // gettid
        (60, 93), // exit
        (231, 94), // exit_group
        (63, 160), // uname
        (99, 179), // sysinfo
        (97, 163), // getrlimit
        (98, 165), // getrusage
        (35, 101), // nanosleep
        (230, 115), // clock_nanosleep
        (228, 113), // clock_gettime
        (229, 114), // clock_getres
        (96, 169), // gettimeofday
        (219, 128), // restart_syscall
        (318, 278), // getrandom
    ];

    /// <summary>Puts every thread of this process under the filter. It cannot be taken back.</summary>
    /// <param name="largestMapping">A single mapping of more bytes ends the process: it would fail, the failure be swallowed, and be tried again where nothing limits it.</param>
    /// <returns>False when the kernel, or the sandbox around this process, has no such filters; then the calling thread alone may be under one.</returns>
    public static bool TryInstall(long largestMapping)
    {
        ProcessCalls.FilterInstruction[] program = [.. Program((ulong)largestMapping)];
        fixed (ProcessCalls.FilterInstruction* instructions = program)
        {
            var filter = new ProcessCalls.FilterProgram { Length = (ushort)program.Length, Instructions = instructions };

            // Without this only a privileged process may filter itself.
            if (ProcessCalls.PrCtl(ProcessCalls.NoNewPrivileges, 1) != 0)
            {
                return false;
            }

            nint number = Arm ? 277 : 317;
            if (ProcessCalls.Seccomp(number, ProcessCalls.SeccompFilter, EveryThread | SpeculationAllowed, &filter) == 0)
            {
                return true;
            }

            // A sandbox around us may know the older way only; it covers this thread and those that it makes, which is better than nothing and not enough.
            ProcessCalls.PrCtl(ProcessCalls.SetSeccomp, ProcessCalls.SeccompModeFilter, (nint)(&filter));
            return false;
        }
    }

    /// <summary>
    /// Whether the filter does what it says, found by trying: a file, a socket, code, a named memory, a signal to the parent. One that is
    /// silently absent looks like success.
    /// </summary>
    public static bool Holds()
    {
        fixed (byte* root = "/\0"u8)
        {
            return Denied(FileCalls.Open(root, FileCalls.ReadOnly))
                && Denied(ProcessCalls.Socket(ProcessCalls.LocalFamily, ProcessCalls.StreamSocket, 0))
                && Denied(ProcessCalls.MemoryFile(root, 0))
                && Denied(ProcessCalls.Kill(ProcessCalls.ParentProcess(), 0))
                && Denied(ProcessCalls.Map(0, 4096, ReadWriteExecute, PrivateAnonymous, -1, 0));
        }

        static bool Denied(nint result) => result == -1 && Marshal.GetLastPInvokeError() == NotPermitted;
    }

    private static IEnumerable<ProcessCalls.FilterInstruction> Program(ulong largestMapping)
    {
        uint self = (uint)System.Environment.ProcessId;
        ProcessCalls.FilterInstruction
            allow = new(Return, 0, 0, Allow),
            refuse = new(Return, 0, 0, Errno | (uint)NotPermitted),
            unknown = new(Return, 0, 0, Errno | (uint)Posix.Errno.NoSystemCall);

        // Another architecture's numbers mean other calls.
        yield return new(Load, 0, 0, Architecture);
        yield return new(IfEqual, 1, 0, Arm ? 0xC00000B7 : 0xC000003E); // AUDIT_ARCH_AARCH64, AUDIT_ARCH_X86_64
        yield return new(Return, 0, 0, KillProcess);
        yield return new(Load, 0, 0, Number);
        yield return new(IfNotBelow, 0, 1, X32);
        yield return refuse;

        // Threads, not processes; clone3's flags lie in memory that a filter cannot read, and the C library falls back to clone.
        foreach (ProcessCalls.FilterInstruction one in When(Arm ? 220 : 56, new(Load, 0, 0, Argument(0)), new(IfAnyBit, 0, 1, CloneThread), allow, refuse))
        {
            yield return one;
        }

        foreach (ProcessCalls.FilterInstruction one in When(435, unknown))
        {
            yield return one;
        }

        // mprotect: memory, never code. mmap: the same, private (shared memory counts in no limit), and no piece larger than all may be.
        foreach (ProcessCalls.FilterInstruction one in When(Arm ? 226 : 10, new(Load, 0, 0, Argument(2)), new(IfAnyBit, 0, 1, Executable), refuse, allow))
        {
            yield return one;
        }

        foreach (ProcessCalls.FilterInstruction one in When(
            Arm ? 222 : 9,
            new(Load, 0, 0, Argument(2)), new(IfAnyBit, 0, 1, Executable), refuse, new(IfEqual, 9, 0, Reserved),
            new(Load, 0, 0, Argument(3)), new(IfAnyBit, 0, 1, SharedOrGrowing), refuse,
            new(Load, 0, 0, Argument(1) + 4), new(IfAbove, 3, 0, (uint)(largestMapping >> 32)), new(IfEqual, 0, 3, (uint)(largestMapping >> 32)),
            new(Load, 0, 0, Argument(1)), new(IfAbove, 0, 1, (uint)largestMapping), new(Return, 0, 0, KillProcess), allow))
        {
            yield return one;
        }

        // prctl: names of threads and of memory.
        foreach (ProcessCalls.FilterInstruction one in When(
            Arm ? 167 : 157, new(Load, 0, 0, Argument(0)), new(IfEqual, 1, 0, ProcessCalls.SetName), new(IfEqual, 0, 1, ProcessCalls.SetMemoryName), allow, refuse))
        {
            yield return one;
        }

        // prlimit64: to read one's own limits.
        foreach (ProcessCalls.FilterInstruction one in When(
            Arm ? 261 : 302, new(Load, 0, 0, Argument(0)), new(IfEqual, 1, 0, 0), new(IfEqual, 0, 5, self), new(Load, 0, 0, Argument(2)), new(IfEqual, 0, 3, 0), new(Load, 0, 0, Argument(2) + 4), new(IfEqual, 0, 1, 0), allow, refuse))
        {
            yield return one;
        }

        // tgkill: abort(3) signals its own process; the daemon runs under the same user.
        foreach (ProcessCalls.FilterInstruction one in When(Arm ? 131 : 234, new(Load, 0, 0, Argument(0)), new(IfEqual, 0, 1, self), allow, refuse))
        {
            yield return one;
        }

        foreach ((int x64, int arm64) in Plain)
        {
            if ((Arm ? arm64 : x64) is >= 0 and int call)
            {
                yield return new(IfEqual, 0, 1, (uint)call);
                yield return allow;
            }
        }

        yield return refuse;
    }

    // The body ends in a return on every way; the number is still loaded where the call is another one.
    private static IEnumerable<ProcessCalls.FilterInstruction> When(int call, params ProcessCalls.FilterInstruction[] body) =>
        [new(IfEqual, 0, (byte)body.Length, (uint)call), .. body];

    // The lower half; both processors are little-endian.
    private static uint Argument(uint index) => FirstArgument + (8 * index);
}
