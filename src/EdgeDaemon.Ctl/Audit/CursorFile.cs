using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>The consumer's cursor on its disk: the old one or the new one, whole, whatever happens in between.</summary>
internal sealed class CursorFile(string path)
{
    private const int Readable = 0b110_100_100; // 0644

    public string Path => path;

    /// <summary>Null when there is none yet: the export begins with the oldest record.</summary>
    /// <exception cref="CtlException">It is no cursor.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public ExportCursor? Read() => File.Exists(path) ? ExportCursor.Parse(SafeFileRead.Read(path, ExportCursor.MaxBytes), path) : null;

    /// <summary>Only after the lines before it have gone out, and are on the disk where they go to a file: else a crash in between would lose them.</summary>
    /// <exception cref="IOException">Not written: the lines will come again.</exception>
    public void Write(ExportCursor cursor) => DurableFile.Write(path, cursor.ToBytes(), Readable);
}
