using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Keys;

/// <summary>
/// Private keys among a model's files: whoever exports into the folder where the keys lie would sign and ship them to every device,
/// readable by all. Any PEM block of one counts, wherever in a file it stands (a service account's JSON holds one in a string).
/// </summary>
internal static class PrivateKeyBlock
{
    // PRIVATE KEY (PKCS#8), ENCRYPTED, EC, RSA, DSA and OPENSSH PRIVATE KEY, and PGP's PRIVATE KEY BLOCK; no label is longer.
    private const int LongestLabel = 32;

    private static ReadOnlySpan<byte> Begin => "-----BEGIN "u8;

    /// <exception cref="CtlException">A file holds one; the message names the file.</exception>
    public static void RefuseIn(ContentTree tree, string folder)
    {
        foreach (ContentFile file in tree.Files)
        {
            if (IsIn(file.Bytes.Span))
            {
                throw new CtlException($"{Path.Combine(folder, Printable.Of(file.Name))} holds a private key: take it out of the folder, for every device would get it. If the folder has been given away already, make a new key");
            }
        }
    }

    public static bool IsIn(ReadOnlySpan<byte> bytes)
    {
        for (int at; (at = bytes.IndexOf(Begin)) >= 0;)
        {
            bytes = bytes[(at + Begin.Length)..];
            ReadOnlySpan<byte> label = bytes[..Math.Min(bytes.Length, LongestLabel)];
            int end = label.IndexOf("-----"u8);
            if (end >= 0 && label[..end].IndexOf("PRIVATE KEY"u8) >= 0)
            {
                return true;
            }
        }

        return false;
    }
}
