using System.Runtime.InteropServices;
using System.Text;

namespace EdgeDaemon.Native.Posix;

/// <summary>Modes of files and sockets.</summary>
public static partial class FileModes
{
    /// <summary>Sets the process's file mode creation mask and returns the one before.</summary>
    public static int SetUmask(int mask) => (int)Umask((uint)mask);

    /// <summary>True when the path itself (no link followed) is a socket.</summary>
    public static bool IsSocket(string path) => TryStatus(path, out FileStatus status) && status.Kind == FileKind.Socket;

    /// <summary>Permission bits of the path itself (no link followed); all of them when it cannot be asked.</summary>
    public static int PermissionsOf(string path) => TryStatus(path, out FileStatus status) ? status.Permissions : 0xFFF;

    /// <summary>The user whose the path itself is (no link followed); null when it cannot be asked.</summary>
    public static uint? OwnerOf(string path) => TryStatus(path, out FileStatus status) ? status.User : null;

    private static unsafe bool TryStatus(string path, out FileStatus status)
    {
        fixed (byte* bytes = Encoding.UTF8.GetBytes(path + '\0'))
        {
            FileCalls.StatxBuffer statx;
            bool known = FileCalls.Statx(FileCalls.CurrentDirectory, bytes, FileCalls.StatxNoFollow, FileCalls.StatxBasic, &statx) == 0;
            status = known ? FileStatus.From(statx) : default;
            return known;
        }
    }

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint Umask(uint mask);
}
