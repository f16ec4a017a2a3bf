using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Posix;

/// <summary>A system call that failed: what was tried, on which path, and the cause in the system's words.</summary>
public sealed class PosixException : IOException
{
    public PosixException(string action, string path, int errno)
        : base($"cannot {action} '{path}': {Cause(errno)}")
    {
        Errno = errno;
        Path = path;
    }

    /// <summary>Linux's error number.</summary>
    public int Errno { get; }

    public string Path { get; }

    /// <summary>Whether room is all that was missing: on the file system, of a quota, or below a limit on file sizes.</summary>
    public bool IsNoRoom => Errno is Posix.Errno.NoSpace or Posix.Errno.QuotaUsed or Posix.Errno.TooLarge;

    /// <summary>From the call that has just failed on this thread.</summary>
    internal static PosixException Last(string action, string path) => new(action, path, Marshal.GetLastPInvokeError());

    private static string Cause(int errno) => errno == Posix.Errno.NoSystemCall
        ? "the kernel (5.6 or newer) or the sandbox lacks the system call openat2, without which links cannot be ruled out"
        : $"{Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})";
}
