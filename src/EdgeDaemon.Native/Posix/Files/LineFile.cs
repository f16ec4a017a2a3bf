namespace EdgeDaemon.Native.Posix.Files;

/// <summary>
/// A file to which whole lines are added, and which is known to be on the disk when <see cref="Sync"/> returns. What a crash left of a last line without its
/// end is cut off at opening: else the next line would be glued to it, and be lost for whoever reads lines.
/// </summary>
public sealed class LineFile : IDisposable
{
    private const uint OwnerAndGroup = 0b110_100_000; // 0640
    private const int Append = 0x400; // O_APPEND
    private const int Step = 64 * 1024;

    private readonly Descriptor _file;

    private LineFile(Descriptor file) => _file = file;

    /// <param name="path">Made when it is not there; its folder must be.</param>
    /// <exception cref="IOException">It cannot be opened, or is no regular file.</exception>
    public static LineFile Open(string path)
    {
        string full = Path.GetFullPath(path);
        bool isNew = !Path.Exists(full);
        var file = new LineFile(Descriptor.Open(null, full, FileCalls.WriteOnly | FileCalls.Create | FileCalls.NonBlocking | Append, OwnerAndGroup));
        try
        {
            // A pipe without a reader would hold up whoever opens it by name.
            if (file._file.Status().Kind != FileKind.Regular)
            {
                throw new IOException($"'{path}' is no regular file: lines can be added to nothing else");
            }

            if (!isNew)
            {
                CutHalfLine(full);
            }
            else
            {
                // The lines are of no use under a name that a power cut takes back.
                DurableFile.SyncFolder(Path.GetDirectoryName(full)!);
            }

            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <exception cref="PosixException">Not all of it was written.</exception>
    public void Write(ReadOnlySpan<byte> lines) => _file.Write(lines);

    /// <summary>By libc: the framework's own call swallows the disk's errors.</summary>
    /// <exception cref="PosixException">It is not known to be on the disk; a second try would prove nothing.</exception>
    public void Sync() => _file.Sync();

    public void Dispose() => _file.Dispose();

    private static void CutHalfLine(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        byte[] piece = new byte[Step];
        for (long end = file.Length; end > 0;)
        {
            long from = Math.Max(0, end - Step);
            file.Position = from;
            Span<byte> bytes = piece.AsSpan(0, (int)(end - from));
            file.ReadExactly(bytes);
            int last = bytes.LastIndexOf((byte)'\n');
            if (last >= 0)
            {
                if (from + last + 1 < file.Length)
                {
                    file.SetLength(from + last + 1);
                }

                return;
            }

            end = from;
        }

        file.SetLength(0);
    }
}
