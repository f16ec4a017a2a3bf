using System.Formats.Tar;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Ctl.Bundles;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Archives;

/// <summary>A bundle's folder to one file, always the same bytes (README beside this file).</summary>
internal static class BundlePacker
{
    public const string Signatures = "signatures/";
    public const string Content = "content/";

    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode FolderMode = FileMode | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    // What a ustar header holds without an extension: a path in one piece of 100 bytes, a size of 11 octal digits.
    private const int ShortName = 100;
    private const long LargestPlain = (1L << 33) - 1;

    /// <returns>Files written.</returns>
    public static int Write(BundleFolder bundle, HashedTree content, Stream output)
    {
        using var writer = new TarWriter(output, TarEntryFormat.Ustar, leaveOpen: true);
        IReadOnlyList<SignatureFile> signatures = bundle.SignatureFiles();
        writer.WriteEntry(Folder(Signatures));
        foreach (SignatureFile signature in signatures.OrderBy(file => file.Name, Utf8Order.Instance))
        {
            TarEntry entry = File(Signatures + signature.Name, signature.Bytes.Length);
            entry.DataStream = new MemoryStream(signature.Bytes.ToArray(), writable: false);
            writer.WriteEntry(entry);
        }

        writer.WriteEntry(Folder(Content));
        foreach (TreeFile file in content.Entries)
        {
            TarEntry entry = File(Content + file.Name, file.Size);
            using var data = new DigestStream(content.Open(file.Name));
            entry.DataStream = data;
            writer.WriteEntry(entry);
            if (!data.Digest().AsSpan().SequenceEqual(file.Sha256.AsSpan()))
            {
                throw new CtlException($"'{Printable.Of(file.Name)}' changed while it was packed; try again");
            }
        }

        return signatures.Count + content.Entries.Length;
    }

    private static UstarTarEntry Folder(string name) => new(TarEntryType.Directory, name) { Mode = FolderMode, ModificationTime = DateTimeOffset.UnixEpoch };

    private static TarEntry File(string name, long size) =>
        Encoding.UTF8.GetByteCount(name) <= ShortName && Ascii.IsValid(name) && size <= LargestPlain
            ? new UstarTarEntry(TarEntryType.RegularFile, name) { Mode = FileMode, ModificationTime = DateTimeOffset.UnixEpoch }
            : new PaxTarEntry(TarEntryType.RegularFile, name) { Mode = FileMode, ModificationTime = DateTimeOffset.UnixEpoch };
}
