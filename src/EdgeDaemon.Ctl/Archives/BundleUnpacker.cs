using System.Formats.Tar;
using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Ctl.Archives;

/// <summary>One file to a new bundle folder, strictly (README beside this file): archives are where names escape and links lead out.</summary>
internal sealed class BundleUnpacker
{
    private const int MostEntries = 10_000;
    private const long MostBytes = 16L << 30;
    private const int Chunk = 1 << 18;

    private readonly string _folder;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private bool _signatures;
    private bool _content;
    private int _signatureFiles;
    private long _bytes;

    private BundleUnpacker(string folder) => _folder = folder;

    /// <param name="archive">The tar, from its start.</param>
    /// <param name="target">A path that does not exist; its folder does.</param>
    /// <returns>Files written.</returns>
    /// <exception cref="CtlException">The archive is not a bundle in its one form; nothing is left behind.</exception>
    public static int Read(Stream archive, string target)
    {
        int files = 0;
        NewFolder.Fill(target, folder =>
        {
            try
            {
                files = new BundleUnpacker(folder).Take(archive);
            }
            catch (Exception damaged) when (damaged is FormatException or InvalidDataException or EndOfStreamException or ArgumentException)
            {
                throw Refused($"it is no tar archive, or a damaged one: {damaged.Message}", damaged);
            }
        });
        return files;
    }

    private int Take(Stream archive)
    {
        int files = 0;
        using (var reader = new TarReader(archive, leaveOpen: true))
        {
            while (reader.GetNextEntry() is { } entry)
            {
                if (_names.Count >= MostEntries)
                {
                    throw Refused($"it has more than {MostEntries} entries");
                }

                files += Take(entry) ? 1 : 0;
            }
        }

        Rest(archive);
        return _signatures && _content ? files : throw Refused("it lacks signatures/ or content/");
    }

    /// <summary>True when the entry was a file.</summary>
    private bool Take(TarEntry entry)
    {
        string name = entry.Name;
        string shown = Printable.Of(name);
        if (!_names.Add(name.TrimEnd('/')))
        {
            throw Refused($"'{shown}' stands there twice");
        }

        if (entry.EntryType == TarEntryType.Directory)
        {
            switch (name)
            {
                case BundlePacker.Signatures when !_signatures && !_content:
                    _signatures = true;
                    break;
                case BundlePacker.Content when _signatures && !_content:
                    _content = true;
                    break;
                default:
                    throw Refused($"folder '{shown}' is not one of signatures/ and content/, in this order");
            }

            Directory.CreateDirectory(Path.Combine(_folder, name));
            return false;
        }

        if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
        {
            throw Refused($"'{shown}' is neither a file nor a folder ({entry.EntryType})");
        }

        string top = _content ? BundlePacker.Content : _signatures ? BundlePacker.Signatures : throw Refused($"'{shown}' stands before signatures/");
        if (!name.StartsWith(top, StringComparison.Ordinal) || ResourceName.Fault(name[top.Length..]) is not null || ResourceName.IsGit(name[top.Length..]))
        {
            throw Refused($"'{shown}' is no canonical name below {top}");
        }

        Bound(entry, top, name[top.Length..], shown);
        Write(entry, Path.Combine(_folder, name), shown);
        return true;
    }

    private void Bound(TarEntry entry, string top, string name, string shown)
    {
        if (top == BundlePacker.Signatures
            && (++_signatureFiles > SignatureFile.MaxCount || entry.Length > SignatureFile.MaxBytes || name.Contains('/') || !name.EndsWith(".sig", StringComparison.Ordinal)))
        {
            throw Refused($"'{shown}' is none of at most {SignatureFile.MaxCount} signature files (*.sig) of {SignatureFile.MaxBytes >> 20} MiB");
        }

        // Checked before a byte is written: a sparse header can promise any size.
        _bytes += entry.Length;
        if (_bytes > MostBytes)
        {
            throw Refused($"it holds more than {MostBytes} bytes, at '{shown}'");
        }
    }

    private static void Write(TarEntry entry, string path, string shown)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, Chunk);
        entry.DataStream?.CopyTo(file, Chunk);
        if (file.Length != entry.Length)
        {
            throw Refused($"'{shown}' ends after {file.Length} of {entry.Length} bytes");
        }
    }

    private static void Rest(Stream archive)
    {
        byte[] buffer = new byte[Chunk];
        for (int read; (read = archive.Read(buffer)) > 0;)
        {
            if (buffer.AsSpan(0, read).ContainsAnyExcept((byte)0))
            {
                throw Refused("bytes follow its end");
            }
        }
    }

    private static CtlException Refused(string why, Exception? cause = null) => new($"the archive is refused: {why}", cause);
}
