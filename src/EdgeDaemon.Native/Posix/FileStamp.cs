using System.Text;

namespace EdgeDaemon.Native.Posix;

/// <summary>
/// Whether a file is still what it was: which inode, how large, and when that inode last changed, which no user can set back. Links are followed.
/// Two stamps of a file that is not there are equal.
/// </summary>
public readonly record struct FileStamp(ulong Inode, uint DeviceMajor, uint DeviceMinor, long Size, long Changed)
{
    public static unsafe FileStamp Of(string path)
    {
        fixed (byte* bytes = Encoding.UTF8.GetBytes(path + '\0'))
        {
            FileCalls.StatxBuffer statx;
            if (FileCalls.Statx(FileCalls.CurrentDirectory, bytes, 0, FileCalls.StatxBasic, &statx) != 0)
            {
                return default;
            }

            FileStatus status = FileStatus.From(statx);
            return new FileStamp(status.Inode, status.DeviceMajor, status.DeviceMinor, status.Size, status.Changed);
        }
    }
}
