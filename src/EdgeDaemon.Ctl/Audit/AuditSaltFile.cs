using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>The salt of redacted values, from its file: 32 bytes, or the same as 64 hex digits. It is a secret: with it values can be guessed.</summary>
internal static class AuditSaltFile
{
    private const int MaxBytes = 256;

    public static Option<string?> Option(string description) => new("--salt")
    {
        Description = $"{description} The daemon's salt: a file of mode 0600 with 32 bytes, or 64 hex digits.",
        HelpName = "file",
    };

    /// <exception cref="CtlException">It holds no salt.</exception>
    /// <exception cref="IOException">It cannot be read, or others can read it.</exception>
    public static Redaction Read(string file)
    {
        byte[] bytes = SafeFileRead.Read(file, MaxBytes, secret: true);
        try
        {
            byte[] salt = bytes.Length == Redaction.SaltBytes ? bytes : FromHex(bytes);
            return salt.Length == Redaction.SaltBytes
                ? new Redaction(salt)
                : throw new CtlException($"{file}: is no salt: {Redaction.SaltBytes} bytes or {2 * Redaction.SaltBytes} hex digits are expected, {bytes.Length} bytes are there");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static byte[] FromHex(byte[] bytes)
    {
        try
        {
            return Convert.FromHexString(Encoding.ASCII.GetString(bytes).TrimEnd());
        }
        catch (FormatException)
        {
            return [];
        }
    }
}
