using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Posix;

/// <summary>Modes of files and sockets.</summary>
public static partial class FileModes
{
    private const uint TypeMask = 0xF000;
    private const uint SocketType = 0xC000;

    /// <summary>Sets the process's file mode creation mask and returns the one before.</summary>
    public static int SetUmask(int mask) => (int)Umask((uint)mask);

    /// <summary>True when the path itself (no link followed) is a socket.</summary>
    public static bool IsSocket(string path) =>
        FileStatus.TryReadLink(path, out FileStatus status) && (status.Mode & TypeMask) == SocketType;

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint Umask(uint mask);
}
