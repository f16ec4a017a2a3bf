namespace EdgeDaemon.Native.Posix.Files;

/// <summary>A file that only grows, one process at a time: what was appended survives a power cut.</summary>
public sealed class AppendedFile : IDisposable
{
    private readonly FileStream _lock;
    private readonly Descriptor _file;
    private bool _torn;

    private AppendedFile(FileStream holder, Descriptor file)
    {
        _lock = holder;
        _file = file;
    }

    /// <param name="path">A regular file that exists.</param>
    /// <exception cref="IOException">Another process appends to it, or it cannot be opened.</exception>
    public static AppendedFile Open(string path)
    {
        // Opened for all and none: on Linux that is an exclusive flock, which goes when the process does.
        var holder = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        try
        {
            return new AppendedFile(holder, Descriptor.Open(null, path, FileCalls.WriteOnly | FileCalls.Append | FileCalls.NoFollow));
        }
        catch
        {
            holder.Dispose();
            throw;
        }
    }

    /// <summary>Adds bytes at the end, and returns when they are on the disk.</summary>
    /// <exception cref="PosixException">They are not, or not known to be; nothing more is appended to what may be half a line.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_torn)
        {
            throw new InvalidOperationException("An earlier append failed.");
        }

        _torn = true;
        _file.Write(bytes);
        _file.Sync();
        _torn = false;
    }

    /// <summary>Takes away what stands behind the first <paramref name="length"/> bytes.</summary>
    public void Cut(long length)
    {
        _lock.SetLength(length);
        _file.Sync();
    }

    public void Dispose()
    {
        _file.Dispose();
        _lock.Dispose();
    }
}
