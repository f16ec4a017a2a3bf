using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Toml;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Models;

/// <summary>
/// Reports of first loads, <c>probes/DIGEST.toml</c> in the state directory. A report saves a restart the probe and nothing else: who can
/// write here could bring back old releases anyway, never run one that is not signed.
/// </summary>
internal sealed class ProbeStore(string stateDirectory)
{
    private const int OwnerOnly = 0b110_000_000;

    private readonly string _folder = Path.Combine(stateDirectory, "probes");

    /// <summary>The report of this release by this edged with this library; null when there is none that can be read.</summary>
    public ProbeReport? Find(string release, string library, string daemon)
    {
        try
        {
            string file = FileOf(release);
            ProbeReport? report = File.Exists(file) ? ProbeReport.Parse(SafeFileRead.Read(file, ProbeReport.MostBytes), file) : null;
            return report is not null && report.Release == release && report.Library == library && report.Daemon == daemon ? report : null;
        }
        catch (Exception unusable) when (unusable is TomlException or TomlInvalidException or IOException or UnauthorizedAccessException)
        {
            return null; // It is made again.
        }
    }

    /// <exception cref="IOException">It is not on the disk.</exception>
    public void Keep(ProbeReport report)
    {
        Directory.CreateDirectory(_folder); // Below a directory that is the daemon's own.
        DurableFile.Write(FileOf(report.Release), report.Write(), OwnerOnly);
    }

    /// <summary>Removes the reports of releases that <paramref name="isKnown"/> denies.</summary>
    public void Forget(Func<string, bool> isKnown)
    {
        if (!Directory.Exists(_folder))
        {
            return;
        }

        foreach (string file in Directory.GetFiles(_folder, "*.toml").Where(file => !isKnown(Path.GetFileNameWithoutExtension(file))))
        {
            File.Delete(file);
        }
    }

    private string FileOf(string release) => Path.Combine(_folder, $"{release}.toml");
}
