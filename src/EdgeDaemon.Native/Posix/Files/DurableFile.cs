using System.Security.Cryptography;

namespace EdgeDaemon.Native.Posix.Files;

/// <summary>Writes that survive a power cut: afterwards the file holds the old bytes or the new ones, whole, never a mixture.</summary>
public static class DurableFile
{
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="bytes">The whole new content.</param>
    /// <param name="mode">Permissions, whatever the umask; secrets: <c>0b110_000_000</c> (0600).</param>
    /// <exception cref="PosixException">Not written, or not known to be on the disk: treat the old content as the one that holds.</exception>
    public static void Write(string path, ReadOnlySpan<byte> bytes, int mode) => Write(path, bytes, mode, replace: true);

    /// <summary>The same for a file that is not there yet: one that is stays as it is, also one that comes while this runs.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="bytes">The whole content.</param>
    /// <param name="mode">Permissions, whatever the umask.</param>
    /// <exception cref="IOException">There is such a file.</exception>
    /// <exception cref="PosixException">Not written, or not known to be on the disk.</exception>
    public static void Create(string path, ReadOnlySpan<byte> bytes, int mode) => Write(path, bytes, mode, replace: false);

    /// <summary>Brings the names in a folder to the disk: what was moved there stays after a power cut.</summary>
    /// <exception cref="PosixException">Not known to be on the disk.</exception>
    public static void SyncFolder(string path)
    {
        using Descriptor folder = Descriptor.Open(null, path, FileCalls.ReadOnly | FileCalls.Directory);
        folder.Sync();
    }

    private static void Write(string path, ReadOnlySpan<byte> bytes, int mode, bool replace)
    {
        string full = Path.GetFullPath(path);
        string name = Path.GetFileName(full);
        if (name.Length == 0)
        {
            throw new ArgumentException($"'{path}' names a folder, not a file.", nameof(path));
        }

        using Descriptor folder = Descriptor.Open(null, Path.GetDirectoryName(full)!, FileCalls.ReadOnly | FileCalls.Directory);
        string temporary = $".edged-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}.tmp";
        try
        {
            // 1. A new file beside the old one (the same file system, so that step 3 is atomic), closed to others while it is
            //    incomplete. Exclusive: a file that somebody put there is not written through.
            using (Descriptor file = Descriptor.Open(folder, temporary, FileCalls.WriteOnly | FileCalls.Create | FileCalls.Exclusive, mode: 0b110_000_000))
            {
                file.Write(bytes);
                file.SetPermissions(mode);

                // 2. Its bytes reach the disk before its name does; else a power cut leaves the name on an empty file. By libc:
                //    the managed Flush(true) swallows I/O errors.
                file.Sync();
            }

            // 3. The name changes from the old file to the new one in one step; or is given, which fails where it is taken.
            if (replace)
            {
                folder.Rename(temporary, name);
            }
            else
            {
                folder.Link(temporary, name);
                folder.Remove(temporary);
            }
        }
        catch (PosixException taken) when (!replace && taken.Errno == Errno.Exists)
        {
            TryRemove(folder, temporary);
            throw new IOException($"'{path}' exists and is not overwritten: choose another name", taken);
        }
        catch
        {
            TryRemove(folder, temporary);
            throw;
        }

        // 4. The folder, which holds the name: without this the old file may be back after a power cut.
        folder.Sync();
    }

    private static void TryRemove(Descriptor folder, string temporary)
    {
        try
        {
            folder.Remove(temporary);
        }
        catch (PosixException)
        {
            // The first failure is the one to report.
        }
    }
}
