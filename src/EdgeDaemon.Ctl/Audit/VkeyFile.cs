using System.Text;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>A log's first public key, as the auditor keeps it: a C2SP vkey, or a file with one on its only line.</summary>
internal static class VkeyFile
{
    private const int MaxBytes = 4096;

    /// <param name="keyOrFile">No vkey can be taken for a file that is there: it holds a plus sign and base64.</param>
    /// <exception cref="CtlException">It is neither.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static NoteVerifier Read(string keyOrFile)
    {
        if (File.Exists(keyOrFile))
        {
            return Parse(Encoding.UTF8.GetString(SafeFileRead.Read(keyOrFile, MaxBytes)), keyOrFile);
        }

        return keyOrFile.Contains('+', StringComparison.Ordinal)
            ? Parse(keyOrFile, "--key")
            : throw new CtlException($"--key {keyOrFile}: neither a file nor a vkey (NAME+ID+BASE64, as in the log's first.vkey)");
    }

    /// <exception cref="CtlException">The text is no key that can verify here.</exception>
    public static NoteVerifier Parse(string text, string place)
    {
        try
        {
            NoteVerifier key = NoteVerifier.Parse(text.Trim());
            return key.CanVerify ? key : throw new CtlException($"{place}: is an Ed25519 key; an audit log signs with ECDSA P-256");
        }
        catch (AuditFormatException broken)
        {
            throw new CtlException($"{place}: {broken.Message}", broken);
        }
    }
}
