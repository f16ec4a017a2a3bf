namespace EdgeDaemon.Audit;

/// <summary>A release as records name it, made once for each that serves.</summary>
/// <param name="name">Of the model.</param>
/// <param name="version">Of the release.</param>
/// <param name="releaseDigest">64 hex digits.</param>
/// <param name="strict">Its answers wait until they are recorded on the disk.</param>
/// <param name="classifies">Which output's rows are classes, as its labels say; -1: none.</param>
internal sealed class AuditedModel(string name, string version, string releaseDigest, bool strict, int classifies = -1)
{
    public string Name => name;

    public string Version => version;

    public ReadOnlyMemory<byte> Release { get; } = Convert.FromHexString(releaseDigest);

    public bool Strict => strict;

    public int Classifies => classifies;
}
