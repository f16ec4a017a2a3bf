namespace EdgeDaemon.Native.Posix.Files;

/// <summary>
/// A file that is as long from the start as it will ever be, zero to its last byte: writing into it changes neither its length nor its blocks, so that a sync has
/// only the bytes to bring to the disk. One thread at a time.
/// </summary>
public sealed class LaidOutFile : IDisposable
{
    private const int OwnerOnly = 0b110_000_000;

    private readonly Descriptor _file;

    private LaidOutFile(Descriptor file, long length)
    {
        _file = file;
        Length = length;
    }

    public long Length { get; }

    /// <summary>Makes it under a temporary name, zeroes it, brings it to the disk, and then gives it its name, which nothing may have yet.</summary>
    /// <param name="folder">Where; exists.</param>
    /// <param name="name">Without a folder.</param>
    /// <param name="length">Bytes; more than 0.</param>
    /// <exception cref="PosixException">There is none afterwards, or nobody knows whether its name is on the disk; <see cref="PosixException.IsNoRoom"/> says whether room was missing.</exception>
    public static LaidOutFile Create(string folder, string name, long length)
    {
        using Descriptor place = Descriptor.Open(null, folder, FileCalls.ReadOnly | FileCalls.Directory);
        string temporary = $".{name}.tmp";
        place.Remove(temporary); // Of a start that was cut off here.
        Descriptor file = Descriptor.Open(place, temporary, FileCalls.ReadWrite | FileCalls.Create | FileCalls.Exclusive, OwnerOnly);
        try
        {
            // Reserved first: no room shows before anything is written. Where a file system cannot, the zeros below do the same more slowly.
            _ = file.TryAllocate(length);

            // Reserved blocks are "unwritten": the first write into each changes the file's map, which a sync would have to bring to the disk too.
            byte[] zeros = GC.AllocateArray<byte>((int)Math.Min(length, 256 << 10));
            for (long at = 0; at < length; at += zeros.Length)
            {
                file.WriteAt(zeros.AsSpan(0, (int)Math.Min(zeros.Length, length - at)), at);
            }

            file.SyncData();
            place.Link(temporary, name); // Not renamed: it would replace whatever had that name.
            place.Remove(temporary);
            place.Sync();
            return new LaidOutFile(file, length);
        }
        catch
        {
            file.Dispose();
            Discard(place, temporary);
            throw;
        }
    }

    /// <summary>Opens one for reading and writing; no link is followed.</summary>
    /// <exception cref="PosixException">It cannot be opened, or is no regular file.</exception>
    public static LaidOutFile Open(string folder, string name)
    {
        using Descriptor place = Descriptor.Open(null, folder, FileCalls.ReadOnly | FileCalls.Directory);
        Descriptor file = Descriptor.Open(place, name, FileCalls.ReadWrite | FileCalls.NoFollow | FileCalls.NonBlocking);
        try
        {
            FileStatus status = file.Status();
            return status.Kind == FileKind.Regular
                ? new LaidOutFile(file, status.Size)
                : throw new PosixException($"use (it is a {status.Kind})", Path.Join(folder, name), Errno.Input);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="Descriptor.ReadAt"/>
    public int ReadAt(Span<byte> into, long offset) => _file.ReadAt(into, offset);

    /// <summary>Writes within the length.</summary>
    /// <exception cref="PosixException">Nobody knows how much of it is there.</exception>
    public void WriteAt(ReadOnlySpan<byte> data, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + data.Length, Length);
        _file.WriteAt(data, offset);
    }

    /// <summary>Once it returns, what was written is on the disk.</summary>
    /// <exception cref="PosixException">Nobody knows what of all that was written since the last time is. A second call could say "done" although it is gone: give the file up.</exception>
    public void Sync() => _file.SyncData();

    public void Dispose() => _file.Dispose();

    private static void Discard(Descriptor place, string name)
    {
        try
        {
            place.Remove(name);
        }
        catch (PosixException)
        {
            // The first failure is the one to report.
        }
    }
}
