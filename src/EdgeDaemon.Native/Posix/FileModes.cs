using System.Runtime.InteropServices;
using System.Text;

namespace EdgeDaemon.Native.Posix;

/// <summary>Modes of files and sockets.</summary>
public static partial class FileModes
{
    /// <summary>Sets the process's file mode creation mask and returns the one before.</summary>
    public static int SetUmask(int mask) => (int)Umask((uint)mask);

    /// <summary>True when the path itself (no link followed) is a socket.</summary>
    public static unsafe bool IsSocket(string path)
    {
        byte[] name = Encoding.UTF8.GetBytes(path + '\0');
        fixed (byte* bytes = name)
        {
            FileCalls.StatxBuffer statx;
            return FileCalls.Statx(FileCalls.CurrentDirectory, bytes, FileCalls.StatxNoFollow, FileCalls.StatxBasic, &statx) == 0
                && FileStatus.From(statx).Kind == FileKind.Socket;
        }
    }

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint Umask(uint mask);
}
