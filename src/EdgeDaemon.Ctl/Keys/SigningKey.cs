using System.Security.Cryptography;

namespace EdgeDaemon.Ctl.Keys;

/// <summary>The private key that an option names: a file, or one inside a token that never gives it out.</summary>
internal static class SigningKey
{
    /// <summary>The caller disposes it.</summary>
    /// <param name="source">A path or a <c>pkcs11:</c> URI. A file of such a name is reached as <c>./pkcs11:...</c>.</param>
    /// <param name="passphraseFile">The file's passphrase, or the token's PIN.</param>
    /// <exception cref="CtlException">No key that signs; the message says what to do.</exception>
    /// <exception cref="IOException">Not readable, or readable by others than its owner.</exception>
    public static ECDsa Open(string source, string? passphraseFile) => Pkcs11Uri.Is(source)
        ? TokenKey.Open(Pkcs11Uri.Parse(source).WithPin(passphraseFile))
        : PrivateKeyFile.Read(source, passphraseFile);
}
