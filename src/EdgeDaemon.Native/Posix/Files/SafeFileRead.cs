using System.Security.Cryptography;

namespace EdgeDaemon.Native.Posix.Files;

/// <summary>Reads small files of the operator (configuration, keys) with their circumstances checked on the open descriptor.</summary>
public static class SafeFileRead
{
    /// <param name="path">A regular file; its last component is not a link.</param>
    /// <param name="maxBytes">More is refused before anything is read.</param>
    /// <param name="secret">
    /// Demands that only the owner (this process's user or root) has any permission. Not for files below $CREDENTIALS_DIRECTORY:
    /// systemd grants them by an access list, which shows as group permission.
    /// </param>
    /// <returns>The bytes; of a secret, the caller's to clear.</returns>
    /// <exception cref="IOException">Says what is wrong and, for a secret's mode, what to do.</exception>
    public static byte[] Read(string path, int maxBytes, bool secret = false)
    {
        Descriptor file;
        try
        {
            file = Descriptor.Open(null, path, FileCalls.ReadOnly | FileCalls.NoFollow | FileCalls.NonBlocking);
        }
        catch (PosixException e) when (e.Errno == Errno.TooManyLinks)
        {
            throw new IOException($"'{path}' is a symbolic link, which is not followed: name the file itself", e);
        }

        using (file)
        {
            FileStatus status = file.Status();
            if (status.Kind != FileKind.Regular)
            {
                throw new IOException($"'{path}' is not a regular file ({status.Kind})");
            }

            if (status.Size > maxBytes)
            {
                throw new IOException($"'{path}' has {status.Size} bytes; at most {maxBytes} are read");
            }

            if (secret)
            {
                CheckSecrecy(path, status);
            }

            return ReadAll(path, file, (int)status.Size);
        }
    }

    private static void CheckSecrecy(string path, in FileStatus status)
    {
        if ((status.Permissions & 0b000_111_111) != 0)
        {
            throw new IOException($"'{path}' holds a secret but has mode {Convert.ToString(status.Permissions, 8)}: take it from group and others (chmod 600)");
        }

        uint user = FileCalls.GetEffectiveUser();
        if (status.User != user && status.User != 0)
        {
            throw new IOException($"'{path}' holds a secret but belongs to user {status.User}, not to {user} or root");
        }
    }

    private static byte[] ReadAll(string path, Descriptor file, int size)
    {
        // One more byte than the size, to see that the file ends there. On the pinned heap: no copies left behind by the collector.
        byte[] bytes = GC.AllocateUninitializedArray<byte>(size, pinned: true);
        Span<byte> beyond = stackalloc byte[1];
        if (file.ReadAt(bytes, 0) != size || file.ReadAt(beyond, size) != 0)
        {
            CryptographicOperations.ZeroMemory(bytes);
            throw new IOException($"'{path}' changed while it was read");
        }

        return bytes;
    }
}
