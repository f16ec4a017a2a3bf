using EdgeDaemon.Core.Configuration;

namespace EdgeDaemon.Hosting;

/// <summary>The configuration that counts, and where it came from.</summary>
/// <param name="file">edged.toml.</param>
/// <param name="settings">At the start.</param>
/// <param name="digest">SHA-256 of the file as it was read at the start.</param>
/// <param name="trustDigest">SHA-256 of trust.toml as it was read at the start.</param>
internal sealed class ConfigurationInForce(string file, EdgedSettings settings, string digest, string trustDigest)
{
    private volatile EdgedSettings _now = settings;

    public string File => file;

    public EdgedSettings Now => _now;

    /// <summary>SHA-256 of the file that counts, lower-case hex.</summary>
    public string Digest { get; private set; } = digest;

    /// <summary>Tells the policy by which models were judged from another.</summary>
    public string TrustDigest { get; set; } = trustDigest;

    public void Replace(EdgedSettings settings, string digest)
    {
        _now = settings;
        Digest = digest;
    }
}
