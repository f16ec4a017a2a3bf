using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Posix;

/// <summary>
/// This process's standard output, by write(2). For who must know whether what he printed went out: the framework's console stream says nothing when
/// the reader of a pipe has left (it takes EPIPE for "nobody wants more"), and what was printed then is gone.
/// </summary>
public static unsafe partial class StandardOutput
{
    private const int Number = 1; // STDOUT_FILENO
    private const short Writable = 4; // POLLOUT
    private const int Invalid = 22; // EINVAL
    private const int ReadOnlyFileSystem = 30; // EROFS

    /// <summary>All of the bytes, in as many calls as it takes; also where somebody made the pipe or terminal non-blocking.</summary>
    /// <exception cref="PosixException">Not all went out; also when the reader has left (EPIPE: .NET ignores SIGPIPE).</exception>
    public static void Write(ReadOnlySpan<byte> data)
    {
        fixed (byte* bytes = data)
        {
            for (int done = 0; done < data.Length;)
            {
                nint written = FileCalls.Write(Number, bytes + done, (nuint)(data.Length - done));
                if (written >= 0)
                {
                    done += (int)written;
                    continue;
                }

                switch (Marshal.GetLastPInvokeError())
                {
                    case Errno.Interrupted:
                        break;
                    case Errno.WouldBlock:
                        var wanted = new PollEntry { Descriptor = Number, Events = Writable };
                        Poll(&wanted, 1, -1);
                        break;
                    default:
                        throw PosixException.Last("write", "standard output");
                }
            }
        }
    }

    /// <summary>Brings what was written to the disk where standard output is a file; for a pipe, a socket or a terminal there is nothing to do.</summary>
    /// <returns>Whether it is on a disk.</returns>
    /// <exception cref="PosixException">A disk has it, and does not keep it: not asked again, since a second call could answer "done".</exception>
    public static bool Sync()
    {
        if (FileCalls.FSync(Number) == 0)
        {
            return true;
        }

        // fsync(2): EINVAL and EROFS say that the descriptor is of a kind that has no disk.
        return Marshal.GetLastPInvokeError() is Invalid or ReadOnlyFileSystem ? false : throw PosixException.Last("sync", "standard output");
    }

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(PollEntry* entries, nuint count, int milliseconds);

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
