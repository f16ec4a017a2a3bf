namespace EdgeDaemon.Audit;

/// <summary>
/// One process writes a log: two that number and sign over one another would leave what no verifier takes. The kernel's lock on a file of the folder (flock), which ends with the
/// process, however that ends.
/// </summary>
internal sealed class SpoolLock : IDisposable
{
    private const string Name = "lock";

    private readonly FileStream _file;

    private SpoolLock(FileStream file) => _file = file;

    /// <exception cref="AuditSpoolException">Another process has it.</exception>
    /// <exception cref="IOException">There is no such folder, or it cannot be written.</exception>
    public static SpoolLock Take(string folder)
    {
        string place = Path.Combine(folder, Name);
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        if (OperatingSystem.IsLinux())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            return new SpoolLock(new FileStream(place, options));
        }
        catch (IOException held) when (held is not (FileNotFoundException or DirectoryNotFoundException) && File.Exists(place))
        {
            throw new AuditSpoolException($"{folder}: another process writes this log: is a daemon with this state directory running already?", held);
        }
    }

    public void Dispose() => _file.Dispose();
}
