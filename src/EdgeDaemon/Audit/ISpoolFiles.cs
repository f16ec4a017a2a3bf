namespace EdgeDaemon.Audit;

/// <summary>
/// The files of the log's folder, by name. What is created, renamed or removed is so on the disk once the call returns. An <see cref="IOException"/> from any of it means
/// that nobody knows. Two implementations: the folder itself, and the one of the tests that fails when it is told to.
/// </summary>
internal interface ISpoolFiles
{
    /// <summary>The folder, for messages.</summary>
    string Folder { get; }

    /// <summary>Names of files and folders in it.</summary>
    IReadOnlyList<string> Names();

    /// <summary>Bytes that the file system has left for this process.</summary>
    long FreeBytes();

    /// <summary>Makes a file of zeros; the name is free.</summary>
    ISpoolFile Create(string name, long length);

    ISpoolFile Open(string name);

    /// <summary>A small file, whole; null: there is none.</summary>
    byte[]? Read(string name, int most);

    /// <summary>Adds to a file's end, which is there, and makes one that is not; cut off in the middle, anything from nothing to all of it is there.</summary>
    void Append(string name, long end, ReadOnlySpan<byte> bytes);

    /// <summary>Replaces a small file, whole.</summary>
    void Write(string name, ReadOnlySpan<byte> bytes);

    void Rename(string from, string to);

    void Remove(string name);

    /// <summary>Copies a file to where nobody writes any more, under a name that is free there.</summary>
    /// <returns>Its path, for messages.</returns>
    string Quarantine(string name);
}

/// <summary>One open file of a length that does not change. One thread at a time.</summary>
internal interface ISpoolFile : IDisposable
{
    long Length { get; }

    /// <summary>Fewer bytes than asked only at the end.</summary>
    int ReadAt(Span<byte> into, long offset);

    void WriteAt(ReadOnlySpan<byte> data, long offset);

    /// <summary>Brings what was written to the disk. Called once: after an error the file is given up.</summary>
    void Sync();
}
