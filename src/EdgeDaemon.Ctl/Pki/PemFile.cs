using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Pki;

/// <summary>Public things in PEM, durably, for everybody to read.</summary>
internal static class PemFile
{
    public const int Readable = 0b110_100_100;

    public static byte[] Text(string label, ReadOnlySpan<byte> der) => Encoding.ASCII.GetBytes(PemEncoding.WriteString(label, der) + "\n");

    /// <exception cref="IOException">There is such a file, or it cannot be written.</exception>
    public static void Create(string path, string label, ReadOnlySpan<byte> der) => DurableFile.Create(path, Text(label, der), Readable);
}
