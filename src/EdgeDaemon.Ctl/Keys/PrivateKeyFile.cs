using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Keys;

/// <summary>
/// Private keys on disk: PKCS#8 in PEM at mode 0600, encrypted when a passphrase is given (PBES2: PBKDF2 with SHA-256, AES-256-CBC, which
/// openssl reads). Whatever held the key's bytes on the way is zeroed; nothing about them is ever in a message.
/// </summary>
internal static class PrivateKeyFile
{
    public const int OwnerOnly = 0b110_000_000;

    /// <summary>Rounds of PBKDF2: what each guess at a passphrase costs whoever finds the file. About half a second here.</summary>
    public const int Iterations = 600_000;

    private const int MaxBytes = 16 << 10;

    /// <summary>A P-256, P-384 or P-521 key; the caller disposes it.</summary>
    /// <param name="passphraseFile">For an encrypted key: a file of mode 0600 whose first line is the passphrase.</param>
    /// <exception cref="CtlException">Not such a key; the message names the file and what to do.</exception>
    /// <exception cref="IOException">Not readable, or readable by others than its owner.</exception>
    public static ECDsa Read(string path, string? passphraseFile = null)
    {
        byte[] file = SafeFileRead.Read(path, MaxBytes, secret: true);
        char[] text = GC.AllocateUninitializedArray<char>(file.Length, pinned: true);
        try
        {
            Encoding.Latin1.GetChars(file, text);
            return Import(path, text, passphraseFile);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(file);
            Array.Clear(text);
        }
    }

    /// <summary>Writes the key so that it survives a power cut and nobody else can read it at any moment.</summary>
    /// <param name="path">The file.</param>
    /// <param name="key">A key whose bytes can be had: not one in a token.</param>
    /// <param name="passphrase">Encrypts it; null leaves it in clear.</param>
    /// <param name="replace">False keeps a file that is there, and throws.</param>
    /// <exception cref="IOException">Not written, or there is such a file.</exception>
    public static void Write(string path, ECDsa key, Passphrase? passphrase = null, bool replace = true)
    {
        byte[] der = passphrase is null
            ? key.ExportPkcs8PrivateKey()
            : key.ExportEncryptedPkcs8PrivateKey(passphrase.Bytes, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, Iterations));
        string label = passphrase is null ? "PRIVATE KEY" : "ENCRYPTED PRIVATE KEY";
        char[] text = GC.AllocateUninitializedArray<char>(PemEncoding.GetEncodedSize(label.Length, der.Length) + 1, pinned: true);
        byte[] file = GC.AllocateUninitializedArray<byte>(text.Length, pinned: true);
        try
        {
            PemEncoding.TryWrite(label, der, text, out int length);
            text[length] = '\n';
            int bytes = Encoding.ASCII.GetBytes(text.AsSpan(0, length + 1), file);
            if (replace)
            {
                DurableFile.Write(path, file.AsSpan(0, bytes), OwnerOnly);
            }
            else
            {
                DurableFile.Create(path, file.AsSpan(0, bytes), OwnerOnly);
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(der);
            CryptographicOperations.ZeroMemory(file);
            Array.Clear(text);
        }
    }

    private static ECDsa Import(string path, ReadOnlySpan<char> text, string? passphraseFile)
    {
        // openssl puts a block of curve parameters before the key in its older form: look for the key among the blocks.
        while (PemEncoding.TryFind(text, out PemFields block))
        {
            switch (text[block.Label])
            {
                case "PRIVATE KEY" or "EC PRIVATE KEY" when passphraseFile is not null:
                    // Whoever gives a passphrase believes that the file alone is worth nothing to a thief.
                    throw new CtlException($"{path} is not encrypted, anybody who gets it can sign; leave --passphrase-file out to use it all the same");
                case "PRIVATE KEY":
                    return Decode(path, text[block.Base64Data], pkcs8: true);
                case "EC PRIVATE KEY":
                    return Decode(path, text[block.Base64Data], pkcs8: false);
                case "ENCRYPTED PRIVATE KEY":
                    return passphraseFile is null
                        ? throw new CtlException($"{path} is encrypted; give its passphrase in a file of mode 0600 with --passphrase-file")
                        : Decrypt(path, text[block.Base64Data], passphraseFile);
                case "PUBLIC KEY":
                    throw new CtlException($"{path} holds a public key; signing needs the private one");
            }

            text = text[block.Location.End..];
        }

        throw new CtlException($"{path} holds no private key in PEM ('-----BEGIN PRIVATE KEY-----'); 'edgectl keygen' makes one");
    }

    private static ECDsa Decrypt(string path, ReadOnlySpan<char> base64, string passphraseFile)
    {
        using Passphrase passphrase = Passphrase.Read(passphraseFile);
        byte[] der = GC.AllocateUninitializedArray<byte>(base64.Length, pinned: true);
        var key = ECDsa.Create();
        try
        {
            Convert.TryFromBase64Chars(base64, der, out int length);
            key.ImportEncryptedPkcs8PrivateKey(passphrase.Bytes, der.AsSpan(0, length), out int read);
            OmsKey.Of(key);
            return read == length ? key : throw new CtlException($"{path}: bytes follow the key");
        }
        catch (Exception error)
        {
            key.Dispose();
            throw error is CryptographicException or OmsException
                ? new CtlException($"{path} does not open with the passphrase in {passphraseFile}, or is no P-256, P-384 or P-521 key", error)
                : error;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(der);
        }
    }

    private static ECDsa Decode(string path, ReadOnlySpan<char> base64, bool pkcs8)
    {
        byte[] der = GC.AllocateUninitializedArray<byte>(base64.Length, pinned: true);
        var key = ECDsa.Create();
        try
        {
            Convert.TryFromBase64Chars(base64, der, out int length);
            int read;
            if (pkcs8)
            {
                key.ImportPkcs8PrivateKey(der.AsSpan(0, length), out read);
            }
            else
            {
                key.ImportECPrivateKey(der.AsSpan(0, length), out read);
            }

            // Refuses every other curve.
            OmsKey.Of(key);
            return read == length ? key : throw new CtlException($"{path}: bytes follow the key");
        }
        catch (Exception error)
        {
            key.Dispose();
            throw error is CryptographicException or OmsException
                ? new CtlException($"{path} is not a P-256, P-384 or P-521 key; 'edgectl keygen' makes one", error)
                : error;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(der);
        }
    }
}
