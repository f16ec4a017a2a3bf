using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Native.Posix.Files;
using Microsoft.Win32.SafeHandles;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>One segment, open for reading while somebody else may write it.</summary>
internal sealed class SpoolSegment : IDisposable
{
    private readonly FileStream _file;
    private readonly byte[] _head;

    private SpoolSegment(string path, FileStream file, byte[] head, SegmentHeader header)
    {
        Path = path;
        Header = header;
        _file = file;
        _head = head;
    }

    public string Path { get; }

    public SegmentHeader Header { get; }

    /// <summary>The header's 4096 bytes.</summary>
    public ReadOnlySpan<byte> HeaderBytes => _head;

    /// <summary>Bytes of the file, as it is now.</summary>
    public long Length => RandomAccess.GetLength(Handle);

    private SafeFileHandle Handle => _file.SafeFileHandle;

    /// <exception cref="CtlException">It is no segment.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static SpoolSegment Open(string path) =>
        TryOpen(path, out string? fault) ?? throw new CtlException($"{path}:0: {fault}");

    /// <summary>Null where it does not begin with a header: of the newest file that can be one that is only just being made.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static SpoolSegment? TryOpen(string path, out string? fault)
    {
        FileStream file = SafeFileRead.OpenRegular(path);
        try
        {
            byte[] head = new byte[SegmentHeader.Length];
            int read = ReadAll(file.SafeFileHandle, head, 0);
            fault = null;
            return new SpoolSegment(path, file, head, SegmentHeader.Read(head.AsSpan(0, read)));
        }
        catch (AuditFormatException broken)
        {
            file.Dispose();
            fault = broken.Message;
            return null;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>What is there now; fewer bytes than asked only at the file's end.</summary>
    public int Read(Span<byte> into, long offset) => ReadAll(Handle, into, offset);

    public void Dispose() => _file.Dispose();

    private static int ReadAll(SafeFileHandle file, Span<byte> into, long offset)
    {
        int done = 0;
        for (int read; done < into.Length && (read = RandomAccess.Read(file, into[done..], offset + done)) > 0; done += read)
        {
        }

        return done;
    }
}
