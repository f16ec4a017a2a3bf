using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Models;

/// <summary>
/// The device's release history on disk: <c>releases.toml</c> in the state directory. Missing or broken it is never replaced by an
/// empty one: whoever removes it would otherwise choose which old release comes back.
/// </summary>
internal sealed class ReleaseStore(string stateDirectory)
{
    private const int OwnerOnly = 0b110_000_000;
    private const int LargestFile = 64 << 20;

    public string File { get; } = Path.Combine(stateDirectory, ReleaseHistoryFile.Name);

    /// <exception cref="BundleException">There is none, or it is not what was written.</exception>
    /// <exception cref="IOException">It cannot be read, or others than its owner may write it.</exception>
    public ReleaseHistory Read()
    {
        if (!Path.Exists(File))
        {
            throw new BundleException(
                $"{File} is missing, so nobody knows what this device has accepted. On a new device 'edged init' makes it; on any other, restore it or find out who removed it");
        }

        return ReleaseHistoryFile.Parse(SafeFileRead.Read(File, LargestFile), File);
    }

    /// <summary>Returns once it is on the disk.</summary>
    /// <exception cref="IOException">It is not, or nobody knows.</exception>
    public void Write(ReleaseHistory history) => DurableFile.Write(File, ReleaseHistoryFile.Write(history), OwnerOnly);
}
