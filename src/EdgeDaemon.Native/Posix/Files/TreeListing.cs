using System.Globalization;
using System.Text;
using System.Text.Unicode;
using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Native.Posix.Files;

/// <summary>
/// What lies in a directory, before any content is read: every entry is a folder or a regular file with one name, every name is
/// canonical, all bounds hold. The root stays open, so that the files are later opened beneath the very directory that was listed.
/// Top-level git names are left out: they are never content.
/// </summary>
public sealed class TreeListing : IDisposable
{
    private readonly Descriptor _root;
    private readonly string _rootPath;
    private readonly ContentTreeLimits _limits;
    private readonly List<Listed> _files = [];
    private int _entries;

    private TreeListing(Descriptor root, string rootPath, ContentTreeLimits limits)
    {
        _root = root;
        _rootPath = rootPath;
        _limits = limits;
    }

    /// <summary>Sum of the file sizes in bytes.</summary>
    public long TotalBytes { get; private set; }

    /// <summary>In byte order of the names.</summary>
    internal IReadOnlyList<Listed> Files => _files;

    /// <exception cref="ContentTreeException">Whatever is wrong with the tree.</exception>
    public static TreeListing Open(string root, ContentTreeLimits limits)
    {
        Descriptor directory;
        try
        {
            directory = Descriptor.Open(null, root, FileCalls.ReadOnly | FileCalls.Directory | FileCalls.NoFollow);
        }
        catch (PosixException e)
        {
            throw e.Errno is Errno.TooManyLinks or Errno.NotDirectory
                ? new ContentTreeException(ContentTreeFault.RootInvalid, $"'{root}' is not a directory (links are not followed: name the directory itself)", e)
                : new ContentTreeException(e.Errno == Errno.NoEntry ? ContentTreeFault.RootInvalid : ContentTreeFault.Unreadable, e.Message, e);
        }

        var listing = new TreeListing(directory, root, limits);
        try
        {
            listing.Walk(directory, "", 0);
            listing._files.Sort((a, b) => Utf8Order.Instance.Compare(a.Name, b.Name));
            return listing;
        }
        catch (PosixException e)
        {
            listing.Dispose();
            throw new ContentTreeException(e.Errno == Errno.NoEntry ? ContentTreeFault.Changed : ContentTreeFault.Unreadable, e.Message, e);
        }
        catch
        {
            listing.Dispose();
            throw;
        }
    }

    /// <summary>Opens a listed file for reading, sure that it is the one that was listed and still a regular file of that size with one name.</summary>
    internal Descriptor OpenFile(Listed file)
    {
        Descriptor descriptor;
        try
        {
            // NonBlocking: a pipe put in the file's place must not make us wait for its writer.
            descriptor = Descriptor.Open(_root, file.Name, FileCalls.ReadOnly | FileCalls.NoFollow | FileCalls.NonBlocking);
        }
        catch (PosixException e)
        {
            throw e.Errno is Errno.TooManyLinks or Errno.CrossDevice or Errno.NoEntry or Errno.NotDirectory or Errno.NoDevice
                ? new ContentTreeException(ContentTreeFault.Changed, $"{Shown(file.Name)} was replaced or removed while the tree was read", e)
                : new ContentTreeException(ContentTreeFault.Unreadable, e.Message, e);
        }

        FileStatus now = descriptor.Status();
        if (now.SameFile(file.Status) && now.Size == file.Status.Size && now.Links == 1)
        {
            return descriptor;
        }

        descriptor.Dispose();
        throw new ContentTreeException(ContentTreeFault.Changed, $"{Shown(file.Name)} was replaced, resized or linked while the tree was read");
    }

    /// <summary>The path for a message, fit for one line.</summary>
    internal string Shown(string name) => $"'{Path.Join(_rootPath, Printable.Of(name))}'";

    public void Dispose() => _root.Dispose();

    private void Walk(Descriptor directory, string folder, int depth)
    {
        List<byte[]> names = directory.Names(_limits.MaxEntries - _entries + ResourceName.GitNames.Count);
        foreach (byte[] raw in names)
        {
            string name = folder + Decode(raw, folder);

            // Whatever it is, even a link: nothing under it is opened.
            if (depth == 0 && ResourceName.IsGit(name))
            {
                continue;
            }

            if (++_entries > _limits.MaxEntries)
            {
                throw new ContentTreeException(ContentTreeFault.TooManyEntries, $"'{_rootPath}' holds more than {_limits.MaxEntries} files and folders");
            }

            if (ResourceName.Fault(name) is string fault)
            {
                throw new ContentTreeException(ContentTreeFault.NameNotCanonical, $"the name {Shown(name)} {fault}");
            }

            // Looked at before it is opened: opening a device can have effects.
            FileStatus status = directory.StatusOf(raw, name[folder.Length..]);
            switch (status.Kind)
            {
                case FileKind.Regular:
                    AddFile(name, status);
                    break;
                case FileKind.Directory when depth == _limits.MaxDepth:
                    throw new ContentTreeException(ContentTreeFault.TooDeep, $"{Shown(name)} lies deeper than {_limits.MaxDepth} folders");
                case FileKind.Directory:
                    WalkFolder(name, status, depth);
                    break;
                case FileKind.SymbolicLink:
                    throw new ContentTreeException(ContentTreeFault.SymbolicLink, $"{Shown(name)} is a symbolic link; a signed tree has none");
                default:
                    throw new ContentTreeException(
                        ContentTreeFault.SpecialFile, $"{Shown(name)} is neither a file nor a folder ({status.Kind}); a signed tree has nothing else");
            }
        }
    }

    private void WalkFolder(string name, in FileStatus status, int depth)
    {
        Descriptor inner;
        try
        {
            inner = Descriptor.Open(_root, name, FileCalls.ReadOnly | FileCalls.Directory | FileCalls.NoFollow);
        }
        catch (PosixException e) when (e.Errno is Errno.TooManyLinks or Errno.CrossDevice or Errno.NoEntry or Errno.NotDirectory)
        {
            throw new ContentTreeException(ContentTreeFault.Changed, $"{Shown(name)} was replaced or removed while the tree was read", e);
        }

        using (inner)
        {
            if (!inner.Status().SameFile(status))
            {
                throw new ContentTreeException(ContentTreeFault.Changed, $"{Shown(name)} was replaced while the tree was read");
            }

            Walk(inner, name + "/", depth + 1);
        }
    }

    private void AddFile(string name, in FileStatus status)
    {
        // A second name may lie where somebody else writes, and change the bytes after they were hashed.
        if (status.Links != 1)
        {
            throw new ContentTreeException(ContentTreeFault.HardLink, $"{Shown(name)} has {status.Links} hard links; a signed tree's files have one name");
        }

        // Neither sum can overflow: both sides are bounded first.
        if (status.Size > _limits.MaxTotalBytes - TotalBytes)
        {
            throw new ContentTreeException(ContentTreeFault.TooManyBytes, $"'{_rootPath}' holds more than {_limits.MaxTotalBytes} bytes, at {Shown(name)}");
        }

        TotalBytes += status.Size;
        _files.Add(new Listed(name, status));
    }

    private string Decode(byte[] raw, string folder)
    {
        if (Utf8.IsValid(raw))
        {
            return Encoding.UTF8.GetString(raw);
        }

        string shown = string.Concat(raw.Select(b => b is > 0x20 and < 0x7F ? ((char)b).ToString() : "\\x" + b.ToString("x2", CultureInfo.InvariantCulture)));
        throw new ContentTreeException(ContentTreeFault.NameNotUtf8, $"the name {Shown(folder + shown)} is not UTF-8");
    }

    internal sealed record Listed(string Name, FileStatus Status);
}
