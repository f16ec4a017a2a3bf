namespace EdgeDaemon.Native.Posix.Files;

/// <summary>Names of one folder changed so that the change survives a power cut.</summary>
public static class FolderFiles
{
    /// <summary>Gives a file of the folder another name, which replaces whatever had it.</summary>
    /// <exception cref="PosixException">Nobody knows which of the two names it has after a power cut.</exception>
    public static void Rename(string folder, string from, string to)
    {
        using Descriptor place = Open(folder);
        place.Rename(from, to);
        place.Sync();
    }

    /// <summary>Adds bytes to a file's end, and makes it where there is none. Cut off in the middle, what stands behind the old end is anything from nothing to all of it.</summary>
    /// <param name="folder">Where; exists.</param>
    /// <param name="name">Without a folder.</param>
    /// <param name="end">Where the file ends; what stands behind it is of an append that was cut off, and written over.</param>
    /// <param name="bytes">On the disk once this returns.</param>
    /// <param name="mode">Permissions of one that is made.</param>
    /// <exception cref="PosixException">Nobody knows how much of it is there.</exception>
    public static void Append(string folder, string name, long end, ReadOnlySpan<byte> bytes, uint mode)
    {
        using Descriptor place = Open(folder);
        using (Descriptor file = Descriptor.Open(place, name, FileCalls.ReadWrite | FileCalls.Create | FileCalls.NoFollow | FileCalls.NonBlocking, mode))
        {
            file.WriteAt(bytes, end);
            file.Sync();
        }

        if (end == 0)
        {
            place.Sync(); // Its name is new.
        }
    }

    /// <summary>Removes a file of the folder; its absence is no error.</summary>
    /// <exception cref="PosixException">Nobody knows whether it is there after a power cut.</exception>
    public static void Remove(string folder, string name)
    {
        using Descriptor place = Open(folder);
        place.Remove(name);
        place.Sync();
    }

    /// <summary>Writes over a file's bytes before its name goes: for secrets. A file system that copies on write, or a flash disk below it, can keep the old ones.</summary>
    /// <exception cref="PosixException">It is not known to be gone.</exception>
    public static void Erase(string folder, string name)
    {
        using Descriptor place = Open(folder);
        using (Descriptor file = Descriptor.Open(place, name, FileCalls.ReadWrite | FileCalls.NoFollow | FileCalls.NonBlocking))
        {
            file.WriteAt(new byte[file.Status().Size], 0);
            file.Sync();
        }

        place.Remove(name);
        place.Sync();
    }

    private static Descriptor Open(string folder) => Descriptor.Open(null, folder, FileCalls.ReadOnly | FileCalls.Directory);
}
