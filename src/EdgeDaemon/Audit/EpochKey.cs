using System.Security.Cryptography;
using EdgeDaemon.Core.Audit.Notes;

namespace EdgeDaemon.Audit;

/// <summary>An epoch's private key while it is in use. Disposed, it is gone from memory: the library clears a key that it frees, and no copy is made that is not zeroed.</summary>
internal sealed class EpochKey : IDisposable
{
    private const int LargestKey = 512;

    private readonly ECDsa _key;

    private EpochKey(string origin, long epoch, ECDsa key)
    {
        _key = key;
        Epoch = epoch;
        Signer = new NoteSigner(origin, key);
    }

    public long Epoch { get; }

    public NoteSigner Signer { get; }

    /// <summary>A new one, kept before it is used.</summary>
    /// <exception cref="IOException">It could not be kept.</exception>
    public static EpochKey Make(AuditKeyStore store, string origin, long epoch)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Span<byte> bytes = stackalloc byte[LargestKey];
        try
        {
            if (!key.TryExportPkcs8PrivateKey(bytes, out int length))
            {
                throw new CryptographicException("a P-256 key is longer than any is");
            }

            store.Keep(epoch, bytes[..length]);
            return new EpochKey(origin, epoch, key);
        }
        catch
        {
            key.Dispose();
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>The one that was kept; null: it is not there.</summary>
    /// <exception cref="IOException">It cannot be read, or others can.</exception>
    /// <exception cref="CryptographicException">It is no private key.</exception>
    public static EpochKey? Read(AuditKeyStore store, string origin, long epoch)
    {
        if (store.Read(epoch) is not { } bytes)
        {
            return null;
        }

        var key = ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(bytes, out _);
            return new EpochKey(origin, epoch, key);
        }
        catch
        {
            key.Dispose();
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    public void Dispose() => _key.Dispose();
}
