using System.Globalization;
using EdgeDaemon.Native.Posix;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Audit;

/// <summary>The log's folder on the disk. Only its owner may look into it.</summary>
internal sealed class SpoolFolder(string folder) : ISpoolFiles
{
    private const int OwnerOnly = 0b110_000_000;
    private const int GroupOrOthersWrite = 0b000_010_010;
    private const string QuarantineName = "quarantine";

    public string Folder => folder;

    /// <summary>Of a folder that is there: whoever may write in it could take segments away, or put others in their place, whatever their own modes are.</summary>
    /// <exception cref="AuditSpoolException">Its group or others may.</exception>
    public static void RequireOwn(string folder)
    {
        int mode = FileModes.PermissionsOf(folder);
        if ((mode & GroupOrOthersWrite) != 0)
        {
            throw new AuditSpoolException($"{folder}: its mode is 0{Convert.ToString(mode, 8)}: others than the daemon may write there, and could have removed or replaced segments. 'edgectl audit verify' it, then chmod 0700");
        }
    }

    public IReadOnlyList<string> Names() => [.. Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName).OfType<string>()];

    public long FreeBytes() => new DriveInfo(folder).AvailableFreeSpace;

    public ISpoolFile Create(string name, long length) => new SpoolFile(LaidOutFile.Create(folder, name, length));

    public ISpoolFile Open(string name) => new SpoolFile(LaidOutFile.Open(folder, name));

    public byte[]? Read(string name, int most) => File.Exists(Path.Combine(folder, name)) ? SafeFileRead.Read(Path.Combine(folder, name), most) : null;

    public void Append(string name, long end, ReadOnlySpan<byte> bytes) => FolderFiles.Append(folder, name, end, bytes, OwnerOnly);

    public void Write(string name, ReadOnlySpan<byte> bytes) => DurableFile.Write(Path.Combine(folder, name), bytes, OwnerOnly);

    public void Rename(string from, string to) => FolderFiles.Rename(folder, from, to);

    public void Remove(string name) => FolderFiles.Remove(folder, name);

    public string Quarantine(string name)
    {
        string place = Path.Combine(folder, QuarantineName);
        if (OperatingSystem.IsLinux())
        {
            Directory.CreateDirectory(place, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        DurableFile.SyncFolder(folder);
        string copy = name;
        for (int number = 1; Path.Exists(Path.Combine(place, copy)); number++)
        {
            copy = string.Create(CultureInfo.InvariantCulture, $"{name}.{number}");
        }

        using LaidOutFile from = LaidOutFile.Open(folder, name);
        using LaidOutFile to = LaidOutFile.Create(place, copy, Math.Max(1, from.Length));
        byte[] buffer = new byte[1 << 20];
        int read;
        for (long at = 0; (read = from.ReadAt(buffer, at)) > 0; at += read)
        {
            to.WriteAt(buffer.AsSpan(0, read), at);
        }

        to.Sync();
        return Path.Combine(place, copy);
    }

    private sealed class SpoolFile(LaidOutFile file) : ISpoolFile
    {
        public long Length => file.Length;

        public int ReadAt(Span<byte> into, long offset) => file.ReadAt(into, offset);

        public void WriteAt(ReadOnlySpan<byte> data, long offset) => file.WriteAt(data, offset);

        public void Sync() => file.Sync();

        public void Dispose() => file.Dispose();
    }
}
