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
        using Descriptor file = Open(path, out FileStatus status);
        CheckSize(path, status, maxBytes);
        if (secret)
        {
            CheckSecrecy(path, status);
        }

        return ReadAll(path, file, (int)status.Size);
    }

    /// <summary>Reads what somebody is to be trusted by, and says whether somebody else can write it.</summary>
    /// <param name="path">A regular file; its last component is not a link.</param>
    /// <param name="maxBytes">More is refused before anything is read.</param>
    /// <param name="exposure">
    /// Null when only root and this process's user can change the file, else who can and what to do about it, without the file's name. An
    /// access list that lets others write shows as group permission.
    /// </param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static byte[] ReadGuarded(string path, int maxBytes, out string? exposure)
    {
        using Descriptor file = Open(path, out FileStatus status);
        CheckSize(path, status, maxBytes);
        uint user = FileCalls.GetEffectiveUser();
        exposure = (status.Permissions & 0b000_010_010) != 0
            ? $"has mode {Mode(status)}, so that others than its owner may write it: take that from them (chmod go-w)"
            : status.User != user && status.User != 0
                ? $"belongs to user {status.User}, neither to root nor to the user of this process ({user}): make it root's (chown root)"
                : null;
        return ReadAll(path, file, (int)status.Size);
    }

    /// <summary>A regular file for reading from its start, of any size: a device or pipe may have no end, or never have a writer.</summary>
    /// <param name="path">Links are followed.</param>
    /// <exception cref="IOException">It is something else, or cannot be opened.</exception>
    public static FileStream OpenRegular(string path)
    {
        using Descriptor file = Descriptor.Open(null, path, FileCalls.ReadOnly | FileCalls.NonBlocking);
        CheckKind(path, file.Status());
        return new FileStream(file.ProcessPath, FileMode.Open, FileAccess.Read, FileShare.Read);
    }

    private static Descriptor Open(string path, out FileStatus status)
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

        try
        {
            status = file.Status();
            CheckKind(path, status);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static void CheckKind(string path, in FileStatus status)
    {
        if (status.Kind != FileKind.Regular)
        {
            throw new IOException($"'{path}' is not a regular file ({status.Kind})");
        }
    }

    private static void CheckSize(string path, in FileStatus status, int maxBytes)
    {
        if (status.Size > maxBytes)
        {
            throw new IOException($"'{path}' has {status.Size} bytes; at most {maxBytes} are read");
        }
    }

    private static string Mode(in FileStatus status) => Convert.ToString(status.Permissions, 8).PadLeft(4, '0');

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
