using System.Runtime.Versioning;
using System.Security.Cryptography;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Native.OpenSsl;

namespace EdgeDaemon.Ctl.Keys;

/// <summary>
/// A private key in a token (smart card, HSM, SoftHSM), used through OpenSSL's provider 'pkcs11'. The key's bytes are never in this process:
/// the token signs, and its public half is read beside it.
/// </summary>
internal sealed class TokenKey : ECDsa
{
    private const string Provider = "pkcs11";

    // OpenSSL's error codes: the library in bits 23 and up, the reason below. ERR_R_DSO_LIB: the provider's own file could not be loaded.
    private const int ReasonMask = 0x7F_FFFF;
    private const int NoProvider = 0x8_0025;

    private readonly ECDsa _private;
    private readonly ECParameters _public;

    private TokenKey(ECDsa signer, ECParameters known)
    {
        _private = signer;
        _public = known;
        KeySizeValue = signer.KeySize;
    }

    /// <summary>The caller disposes it.</summary>
    /// <exception cref="CtlException">No provider, no such key, or none that signs models.</exception>
    public static ECDsa Open(Pkcs11Uri uri)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new CtlException("keys in tokens are used on Linux only");
        }

        using SafeEvpPKeyHandle handle = Find(uri);
        OmsKey key = Public(handle);
        using ECDsa known = Create();
        known.ImportSubjectPublicKeyInfo(key.Spki.AsSpan(), out _);
        return new TokenKey(new ECDsaOpenSsl(handle), known.ExportParameters(includePrivateParameters: false));
    }

    public override byte[] SignHash(byte[] hash) => _private.SignHash(hash);

    public override bool VerifyHash(byte[] hash, byte[] signature)
    {
        using ECDsa key = Create(_public);
        return key.VerifyHash(hash, signature);
    }

    public override ECParameters ExportParameters(bool includePrivateParameters) => includePrivateParameters
        ? throw new CryptographicException("a token does not give its key out")
        : _public;

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _private.Dispose();
        }

        base.Dispose(disposing);
    }

    [SupportedOSPlatform("linux")]
    private static SafeEvpPKeyHandle Find(Pkcs11Uri uri)
    {
        try
        {
            return SafeEvpPKeyHandle.OpenKeyFromProvider(Provider, uri.ToString());
        }
        catch (Exception failure) when (failure is PlatformNotSupportedException || (failure is CryptographicException && (failure.HResult & ReasonMask) == NoProvider))
        {
            throw new CtlException(
                "keys in tokens need OpenSSL's provider 'pkcs11', which is not installed: apt install pkcs11-provider (Debian 13; on Debian 12 from bookworm-backports)", failure);
        }
        catch (CryptographicException failure)
        {
            // The provider does not say which of these it is.
            throw new CtlException(
                $"no private key answers to {uri.Shown}: see 'pkcs11-tool --list-objects --login' for names, check the PIN (--passphrase-file), and that the provider uses the token's module (PKCS11_PROVIDER_MODULE)", failure);
        }
    }

    private static OmsKey Public(SafeEvpPKeyHandle handle)
    {
        try
        {
            return OmsKey.FromSpki(ProviderKey.PublicHalf(handle));
        }
        catch (Exception unusable) when (unusable is CryptographicException or OmsException)
        {
            throw new CtlException("the token's key is not a P-256, P-384 or P-521 key, or the token lacks its public half (write it there too)", unusable);
        }
    }
}
