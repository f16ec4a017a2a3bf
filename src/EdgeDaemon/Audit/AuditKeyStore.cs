namespace EdgeDaemon.Audit;

/// <summary>Where the private keys of epochs are kept: at any time the open epoch's, and while it changes its successor's. Implemented by Hosting/Credentials, the only file that reads keys.</summary>
internal abstract class AuditKeyStore
{
    /// <summary>The epoch's private key, PKCS#8, for the caller to zero; null: it is not there.</summary>
    /// <exception cref="IOException">It cannot be read, or others can.</exception>
    public abstract byte[]? Read(long epoch);

    /// <summary>Keeps a new one; returns once it is on the disk.</summary>
    /// <exception cref="IOException">It is not, or nobody knows.</exception>
    public abstract void Keep(long epoch, ReadOnlySpan<byte> key);

    /// <summary>Overwrites it and removes it; one that is not there is no error.</summary>
    /// <exception cref="IOException">It is not known to be gone.</exception>
    public abstract void Erase(long epoch);
}
