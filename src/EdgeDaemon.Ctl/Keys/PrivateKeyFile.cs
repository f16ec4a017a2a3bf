using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Keys;

/// <summary>
/// Private keys on disk: PKCS#8 in PEM at mode 0600. Whatever held the key's bytes on the way is zeroed; nothing about them
/// is ever in a message.
/// </summary>
internal static class PrivateKeyFile
{
    public const int OwnerOnly = 0b110_000_000;

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
    public static void Write(string path, ECDsa key)
    {
        byte[] der = key.ExportPkcs8PrivateKey();
        char[] text = GC.AllocateUninitializedArray<char>(PemEncoding.GetEncodedSize("PRIVATE KEY".Length, der.Length) + 1, pinned: true);
        byte[] file = GC.AllocateUninitializedArray<byte>(text.Length, pinned: true);
        try
        {
            PemEncoding.TryWrite("PRIVATE KEY", der, text, out int length);
            text[length] = '\n';
            int bytes = Encoding.ASCII.GetBytes(text.AsSpan(0, length + 1), file);
            DurableFile.Write(path, file.AsSpan(0, bytes), OwnerOnly);
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
        byte[] passphrase = SafeFileRead.Read(passphraseFile, MaxBytes, secret: true);
        byte[] der = GC.AllocateUninitializedArray<byte>(base64.Length, pinned: true);
        var key = ECDsa.Create();
        try
        {
            Convert.TryFromBase64Chars(base64, der, out int length);
            int end = passphrase.AsSpan().IndexOfAny((byte)'\r', (byte)'\n');
            key.ImportEncryptedPkcs8PrivateKey(passphrase.AsSpan(0, end < 0 ? passphrase.Length : end), der.AsSpan(0, length), out int read);
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
            CryptographicOperations.ZeroMemory(passphrase);
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
