using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Posix;

/// <summary>libc's calls on the process itself, one to one.</summary>
internal static unsafe partial class ProcessCalls
{
    public const int ParentDeathSignal = 1; // PR_SET_PDEATHSIG
    public const int SetDumpable = 4; // PR_SET_DUMPABLE
    public const int SetName = 15; // PR_SET_NAME
    public const int SetSeccomp = 22; // PR_SET_SECCOMP
    public const int NoNewPrivileges = 38; // PR_SET_NO_NEW_PRIVS
    public const int SetMemoryName = 0x53564d41; // PR_SET_VMA

    public const int LocalFamily = 1; // AF_UNIX
    public const int StreamSocket = 1; // SOCK_STREAM

    public const int SeccompFilter = 1; // SECCOMP_SET_MODE_FILTER
    public const int SeccompModeFilter = 2; // SECCOMP_MODE_FILTER, prctl's word for the same

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    public static partial int PrCtl(int option, nuint first, nint second = 0, nuint third = 0, nuint fourth = 0);

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    public static partial int SetResourceLimit(int resource, Limit* limit);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    public static partial nint Seccomp(nint number, nuint operation, nuint flags, FilterProgram* program);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true)]
    public static partial int MemoryFile(byte* name, uint flags);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "getppid")]
    public static partial int ParentProcess();

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    public static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    public static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    public static partial int Truncate(int descriptor, long length);

    [LibraryImport("libc", EntryPoint = "capset", SetLastError = true)]
    public static partial int SetCapabilities(CapabilityHeader* header, ulong* sets);

    [LibraryImport("libc", EntryPoint = "_exit")]
    public static partial void Exit(int status);

    [LibraryImport("libc", EntryPoint = "newlocale", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint NewLocale(int categories, string name, nint fallback);

    /// <summary>struct __user_cap_header_struct.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct CapabilityHeader
    {
        public uint Version;
        public int Process;
    }

    /// <summary>struct rlimit.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }

    /// <summary>struct sock_fprog.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FilterProgram
    {
        public ushort Length;
        public FilterInstruction* Instructions;
    }

    /// <summary>struct sock_filter.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct FilterInstruction(ushort Code, byte WhenTrue, byte WhenFalse, uint Operand);
}
