using System.Collections.Immutable;
using System.Security.Cryptography;
using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Native.Posix.Files;

/// <summary>
/// A directory's digests in constant memory, whatever its size. For signing and for checks by a person: who loads the files
/// afterwards loads other bytes than were hashed, so a daemon uses <see cref="ContentTree"/>.
/// </summary>
public sealed class HashedTree : IDisposable
{
    // Stays in the processor's cache between reading and hashing.
    private const int Chunk = 1 << 18;

    private readonly Dictionary<string, Func<Descriptor>> _open = new(StringComparer.Ordinal);
    private readonly TreeListing? _listing;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(Chunk);

    private HashedTree(TreeListing? listing) => _listing = listing;

    /// <summary>In byte order of the names.</summary>
    public ImmutableArray<TreeFile> Entries { get; private set; } = [];

    /// <param name="skip">Names that are left out: they are listed, and so are no links, but not read.</param>
    /// <exception cref="ContentTreeException">Whatever is wrong with the tree.</exception>
    public static HashedTree Read(string root, ContentTreeLimits limits, Func<string, bool>? skip = null)
    {
        var tree = new HashedTree(TreeListing.Open(root, limits));
        try
        {
            tree.Entries = [.. tree._listing!.Files.Where(file => skip?.Invoke(file.Name) != true)
                .Select(file => tree.Digest(file.Name, file.Status.Size, () => tree._listing.OpenFile(file)))];
            return tree;
        }
        catch
        {
            tree.Dispose();
            throw;
        }
    }

    /// <summary>A model that is one regular file, named by the last part of its path; a link is not followed.</summary>
    /// <exception cref="ContentTreeException">Whatever is wrong with the file.</exception>
    public static HashedTree ReadFile(string path)
    {
        var tree = new HashedTree(null);
        FileStatus first;
        try
        {
            using Descriptor file = OpenSingle(path);
            first = file.Status();
        }
        catch (PosixException e)
        {
            throw new ContentTreeException(e.Errno == Errno.TooManyLinks ? ContentTreeFault.SymbolicLink : ContentTreeFault.Unreadable, e.Message, e);
        }

        if (first.Kind != FileKind.Regular)
        {
            throw new ContentTreeException(ContentTreeFault.SpecialFile, $"'{path}' is neither a file nor a folder ({first.Kind})");
        }

        tree.Entries = [tree.Digest(Path.GetFileName(path), first.Size, () => OpenSingle(path))];
        return tree;
    }

    /// <summary>SHA-256 of the bytes [start, end) of a file, read again: what OMS's method shards signs.</summary>
    /// <exception cref="ContentTreeException">The file is gone or has another size.</exception>
    public byte[] RangeDigest(string name, long start, long end) =>
        Hash(_open[name], name, Entries.First(file => file.Name == name).Size, start, end);

    /// <summary>The very file that was hashed, opened again for reading from its start.</summary>
    /// <exception cref="ContentTreeException">The file is gone, replaced or has another size.</exception>
    public FileStream Open(string name)
    {
        using Descriptor descriptor = _open[name]();
        return new FileStream(descriptor.ProcessPath, FileMode.Open, FileAccess.Read, FileShare.Read, Chunk);
    }

    public void Dispose() => _listing?.Dispose();

    private static Descriptor OpenSingle(string path) =>
        Descriptor.Open(null, path, FileCalls.ReadOnly | FileCalls.NoFollow | FileCalls.NonBlocking);

    private TreeFile Digest(string name, long size, Func<Descriptor> open)
    {
        _open.Add(name, open);
        return new TreeFile(name, size, [.. Hash(open, name, size, 0, size)]);
    }

    private byte[] Hash(Func<Descriptor> open, string name, long size, long start, long end)
    {
        try
        {
            using Descriptor descriptor = open();
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            for (long offset = start; offset < end;)
            {
                Span<byte> piece = _buffer.AsSpan(0, (int)Math.Min(_buffer.Length, end - offset));
                if (descriptor.ReadAt(piece, offset) != piece.Length)
                {
                    throw new ContentTreeException(ContentTreeFault.Changed, $"'{Printable.Of(name)}' shrank while it was read");
                }

                hash.AppendData(piece);
                offset += piece.Length;
            }

            // Files that lie about their size (procfs) or grow end here: the rest would be unsigned.
            Span<byte> beyond = stackalloc byte[1];
            if (descriptor.ReadAt(beyond, size) != 0)
            {
                throw new ContentTreeException(ContentTreeFault.Changed, $"'{Printable.Of(name)}' grew while it was read");
            }

            return hash.GetHashAndReset();
        }
        catch (PosixException e)
        {
            throw new ContentTreeException(ContentTreeFault.Unreadable, e.Message, e);
        }
    }
}
