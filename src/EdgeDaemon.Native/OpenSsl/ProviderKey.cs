using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace EdgeDaemon.Native.OpenSsl;

/// <summary>
/// The public half of a key that an OpenSSL provider holds. .NET (9 and 10) exports keys through OpenSSL's older structures, with the
/// private half or not at all, which a token refuses; OpenSSL's own encoder asks the provider for the public half alone.
/// </summary>
public static unsafe partial class ProviderKey
{
    // The library that .NET has loaded by the time there is a handle.
    private const string Library = "libcrypto.so.3";

    // Far above any curve's.
    private const int MaxBytes = 16 << 10;

    /// <returns>DER of the SubjectPublicKeyInfo.</returns>
    /// <exception cref="CryptographicException">The provider does not give it: the token has no public object for the key.</exception>
    public static byte[] PublicHalf(SafeEvpPKeyHandle key)
    {
        bool held = false;
        byte* der = null;
        try
        {
            key.DangerousAddRef(ref held);
            int length = Encode(key.DangerousGetHandle(), &der);
            return length is > 0 and <= MaxBytes && der is not null
                ? new ReadOnlySpan<byte>(der, length).ToArray()
                : throw new CryptographicException("the provider does not give the key's public half");
        }
        finally
        {
            if (held)
            {
                key.DangerousRelease();
            }

            Free(der, 0, 0);
        }
    }

    // int i2d_PUBKEY(const EVP_PKEY *a, unsigned char **pp): with *pp null it allocates.
    [LibraryImport(Library, EntryPoint = "i2d_PUBKEY")]
    private static partial int Encode(nint key, byte** der);

    // void CRYPTO_free(void *ptr, const char *file, int line), which is what OPENSSL_free stands for.
    [LibraryImport(Library, EntryPoint = "CRYPTO_free")]
    private static partial void Free(byte* memory, nint file, int line);
}
