using System.Security.Cryptography;
using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Audit;

/// <summary>
/// An epoch's private key while it is in use. Disposed, it is gone from memory: the crypto library clears a key that it frees, and what it and the framework do not clear is overwritten here, or not
/// made at all. The framework's own export leaves the whole PKCS#8 text in managed memory, twice; the library leaves an imported key's number in memory that it gave back, with the first signature.
/// </summary>
internal sealed class EpochKey : IDisposable
{
    private const int NumberBytes = 32;

    // PKCS#8 (RFC 5208) of an EC key on P-256 with its public point (RFC 5915), all of whose parts have one length: what stands before the private number, and before the point.
    private static readonly byte[] Head = Convert.FromHexString("308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420");
    private static readonly byte[] Middle = Convert.FromHexString("a14403420004");

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
        Span<byte> bytes = stackalloc byte[Head.Length + Middle.Length + (3 * NumberBytes)];
        try
        {
            Write(key, bytes);
            store.Keep(epoch, bytes);
            return Begin(origin, epoch, key);
        }
        catch
        {
            key.Dispose();
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
            Clearing.StackBelow();
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
            return Begin(origin, epoch, key);
        }
        catch
        {
            key.Dispose();
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
            Clearing.StackBelow();
        }
    }

    public void Dispose()
    {
        _key.Dispose();
        Clearing.FreedBlocks();
        Clearing.StackBelow();
    }

    // The first signature makes the library's own form of the key: here, so that what it leaves behind is overwritten before anybody else has part of that memory. Of nothing, and for nobody.
    private static EpochKey Begin(string origin, long epoch, ECDsa key)
    {
        Span<byte> nothing = stackalloc byte[SHA256.HashSizeInBytes];
        nothing.Clear();
        _ = key.SignHash(nothing);
        Clearing.FreedBlocks();
        return new EpochKey(origin, epoch, key);
    }

    private static void Write(ECDsa key, Span<byte> into)
    {
        ECParameters parts = key.ExportParameters(includePrivateParameters: true);
        try
        {
            Head.CopyTo(into);
            parts.D.CopyTo(into[Head.Length..]);
            Middle.CopyTo(into[(Head.Length + NumberBytes)..]);
            parts.Q.X.CopyTo(into[^(2 * NumberBytes)..]);
            parts.Q.Y.CopyTo(into[^NumberBytes..]);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(parts.D);
        }
    }
}
