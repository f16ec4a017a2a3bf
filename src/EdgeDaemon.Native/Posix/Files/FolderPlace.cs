namespace EdgeDaemon.Native.Posix.Files;

/// <summary>Where a folder really is, whatever links and dots its path goes through.</summary>
public static class FolderPlace
{
    // A path has at most 4096 bytes; deeper ones can exist, but nothing is written there by name.
    private const int Deepest = 2048;

    /// <summary>True when <paramref name="folder"/> is <paramref name="outer"/> or lies somewhere below it. Both exist.</summary>
    /// <exception cref="PosixException">One of them cannot be opened.</exception>
    public static bool IsWithin(string folder, string outer)
    {
        FileStatus sought = StatusOf(outer);
        string path = folder;
        FileStatus status = StatusOf(path);
        for (int level = 0; level < Deepest; level++)
        {
            if (status.SameFile(sought))
            {
                return true;
            }

            path += "/..";
            FileStatus above = StatusOf(path);
            if (above.SameFile(status))
            {
                return false; // The root is its own parent.
            }

            status = above;
        }

        return true; // Not known: nothing is written.
    }

    private static FileStatus StatusOf(string folder)
    {
        using Descriptor descriptor = Descriptor.Open(null, folder, FileCalls.ReadOnly | FileCalls.Directory);
        return descriptor.Status();
    }
}
