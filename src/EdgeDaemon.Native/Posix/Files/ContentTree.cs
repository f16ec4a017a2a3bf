using System.Collections.Immutable;
using System.Security.Cryptography;
using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Native.Posix.Files;

/// <summary>
/// A directory read once into memory that this object owns. Each file's digest is computed from those very bytes, so that what is
/// compared with a signature is what is loaded, whatever happens to the directory afterwards.
/// </summary>
public sealed class ContentTree : IDisposable
{
    // Hashed while still in the processor's cache.
    private const int Chunk = 1 << 20;

    private readonly List<NativeBlock> _blocks = [];
    private readonly Dictionary<string, ContentFile> _byName = new(StringComparer.Ordinal);

    private ContentTree()
    {
    }

    /// <summary>In byte order of the names.</summary>
    public ImmutableArray<ContentFile> Files { get; private set; } = [];

    /// <summary>The same files by name, size and digest.</summary>
    public ImmutableArray<TreeFile> Entries { get; private set; } = [];

    /// <exception cref="ContentTreeException">Whatever is wrong with the tree; nothing stays allocated.</exception>
    public static ContentTree Read(string root, ContentTreeLimits limits)
    {
        using var listing = TreeListing.Open(root, limits);
        return Read(listing);
    }

    /// <summary>Reads what was listed; a file that has changed since is refused.</summary>
    /// <exception cref="ContentTreeException">Whatever is wrong with the tree; nothing stays allocated.</exception>
    public static ContentTree Read(TreeListing listing)
    {
        var tree = new ContentTree();
        try
        {
            foreach (TreeListing.Listed file in listing.Files)
            {
                tree.Load(listing, file);
            }

            tree.Files = [.. tree._byName.Values.OrderBy(file => file.Name, Utf8Order.Instance)];
            tree.Entries = [.. tree.Files.Select(file => file.Entry)];
            return tree;
        }
        catch
        {
            tree.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Digests only, in constant memory, for trees of any file size. For signing and for checks by a person: who loads the files
    /// afterwards loads other bytes than were hashed.
    /// </summary>
    /// <exception cref="ContentTreeException">Whatever is wrong with the tree.</exception>
    public static ImmutableArray<TreeFile> Hash(string root, ContentTreeLimits limits)
    {
        using HashedTree tree = HashedTree.Read(root, limits);
        return tree.Entries;
    }

    /// <summary>The file of that name, or null.</summary>
    public ContentFile? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>SHA-256 of the bytes [start, end) of a file: what OMS's method shards signs.</summary>
    public byte[] RangeDigest(string name, long start, long end) =>
        SHA256.HashData(_byName[name].Bytes.Span[checked((int)start)..checked((int)end)]);

    /// <summary>Frees the content: no <see cref="ContentFile.Bytes"/> may be in use any more.</summary>
    public void Dispose()
    {
        foreach (NativeBlock block in _blocks)
        {
            ((IDisposable)block).Dispose();
        }

        _blocks.Clear();
    }

    private void Load(TreeListing listing, TreeListing.Listed file)
    {
        if (file.Status.Size > int.MaxValue)
        {
            throw new ContentTreeException(
                ContentTreeFault.FileTooLarge,
                $"{listing.Shown(file.Name)} has {file.Status.Size} bytes; a file to be loaded has at most {int.MaxValue} (split the weights over several files)");
        }

        var block = new NativeBlock((int)file.Status.Size);
        _blocks.Add(block);
        Memory<byte> bytes = block.Memory;
        TreeFile entry = Digest(listing, file, offset => bytes.Span[(int)offset..]);
        _byName.Add(file.Name, new ContentFile(entry, bytes));
    }

    /// <summary>Reads a file once, piece by piece, into what <paramref name="place"/> gives for the offset, and hashes from there.</summary>
    private static TreeFile Digest(TreeListing listing, TreeListing.Listed file, SpanAt place)
    {
        try
        {
            using Descriptor descriptor = listing.OpenFile(file);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            long size = file.Status.Size;
            for (long offset = 0; offset < size;)
            {
                Span<byte> piece = place(offset);
                piece = piece[..(int)Math.Min(Math.Min(piece.Length, Chunk), size - offset)];
                if (descriptor.ReadAt(piece, offset) != piece.Length)
                {
                    throw new ContentTreeException(ContentTreeFault.Changed, $"{listing.Shown(file.Name)} shrank while it was read");
                }

                hash.AppendData(piece);
                offset += piece.Length;
            }

            // Files that lie about their size (procfs) or grow end here: the rest would be unsigned.
            Span<byte> beyond = stackalloc byte[1];
            if (descriptor.ReadAt(beyond, size) != 0)
            {
                throw new ContentTreeException(ContentTreeFault.Changed, $"{listing.Shown(file.Name)} grew while it was read");
            }

            return new TreeFile(file.Name, size, [.. hash.GetHashAndReset()]);
        }
        catch (PosixException e)
        {
            throw new ContentTreeException(ContentTreeFault.Unreadable, e.Message, e);
        }
    }

    private delegate Span<byte> SpanAt(long offset);
}
