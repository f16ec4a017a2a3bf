namespace EdgeDaemon.Audit;

/// <summary>Where the open epoch's private key is kept; implemented by Hosting/Credentials, the only file that reads keys.</summary>
internal abstract class AuditKeyStore
{
    /// <summary>The open epoch's private key, PKCS#8; the caller zeroes it.</summary>
    /// <exception cref="IOException">It is not there, or others can read it.</exception>
    public abstract byte[] Read();

    /// <summary>Replaces it; returns once the new one is on the disk and the old one's bytes are overwritten.</summary>
    /// <exception cref="IOException">It is not, or nobody knows.</exception>
    public abstract void Replace(ReadOnlySpan<byte> key);
}
