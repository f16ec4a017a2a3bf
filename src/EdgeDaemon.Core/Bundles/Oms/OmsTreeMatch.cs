using System.Collections.Immutable;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>The statement against the files that are there (reference 1.5, steps 8 and 9).</summary>
internal static class OmsTreeMatch
{
    public static ImmutableArray<TreeFile> Tree(OmsStatement statement, IReadOnlyList<TreeFile> files, OmsTreeOptions options)
    {
        var there = new Dictionary<string, TreeFile>(files.Count, StringComparer.Ordinal);
        foreach (TreeFile file in files)
        {
            if (!there.TryAdd(file.Name, file))
            {
                throw new ArgumentException($"Two files of the tree are named '{file.Name}'.", nameof(files));
            }
        }

        // 1. Every listed file, also one that is ignored as well: its digest is never skipped.
        var signed = new SortedDictionary<string, TreeFile>(Utf8Order.Instance);
        foreach (IGrouping<string, OmsResource> entries in statement.Resources.GroupBy(resource => resource.File, StringComparer.Ordinal))
        {
            if (!there.TryGetValue(entries.Key, out TreeFile? file))
            {
                throw new OmsException(OmsFault.FileMissing, $"'{Printable.Of(entries.Key)}' is signed but not in the tree");
            }

            Compare(statement, file, entries, options);
            signed.Add(file.Name, file);
        }

        // 2. Every file that nobody listed.
        foreach (TreeFile file in files)
        {
            if (!signed.ContainsKey(file.Name) && !Tolerated(statement, file, options))
            {
                throw new OmsException(OmsFault.FileUnlisted, $"'{Printable.Of(file.Name)}' is in the tree but not signed");
            }
        }

        return [.. signed.Values];
    }

    public static TreeFile SingleFile(OmsStatement statement, TreeFile file, OmsTreeOptions options)
    {
        string listed = statement.Resources[0].File;
        if ((listed != OmsNames.SingleFile && listed != file.Name) || statement.Resources.Any(resource => resource.File != listed))
        {
            throw new OmsException(OmsFault.FileMissing, $"the signature is not over the single file '{Printable.Of(file.Name)}'");
        }

        Compare(statement, file, statement.Resources, options);
        return file;
    }

    private static void Compare(OmsStatement statement, TreeFile file, IEnumerable<OmsResource> entries, OmsTreeOptions options)
    {
        if (statement.ShardSize == 0)
        {
            Same(file, entries.Single(), file.Sha256.AsSpan());
            return;
        }

        // Shards may be listed in any order but must cover the file exactly: a gap would be unsigned bytes.
        long next = 0;
        foreach (OmsResource shard in entries.OrderBy(entry => entry.Start))
        {
            if (shard.Start != next || shard.End != Math.Min(next + statement.ShardSize, file.Size))
            {
                throw new OmsException(
                    OmsFault.ShardsDoNotTile, $"the shards of '{Printable.Of(file.Name)}' do not cover its {file.Size} bytes one after the other");
            }

            next = shard.End;
            Same(file, shard, shard.End - shard.Start == file.Size ? file.Sha256.AsSpan() : Digest(file, shard, options));
        }

        if (next != file.Size)
        {
            throw new OmsException(OmsFault.ShardsDoNotTile, $"'{Printable.Of(file.Name)}' has {file.Size} bytes, of which {next} are signed");
        }
    }

    private static byte[] Digest(TreeFile file, OmsResource shard, OmsTreeOptions options) =>
        options.RangeDigest?.Invoke(file.Name, shard.Start, shard.End)
        ?? throw new OmsException(OmsFault.ShardsNeedContent, $"'{Printable.Of(file.Name)}' is signed in shards, which cannot be compared from its digest alone");

    private static void Same(TreeFile file, OmsResource entry, ReadOnlySpan<byte> digest)
    {
        if (!digest.SequenceEqual(entry.Sha256.AsSpan()))
        {
            throw new OmsException(OmsFault.FileDiffers, $"'{Printable.Of(file.Name)}' is not what was signed");
        }
    }

    private static bool Tolerated(OmsStatement statement, TreeFile file, OmsTreeOptions options) =>
        options.IgnoreUnlisted
        || ResourceName.IsGit(file.Name)
        || (statement.ShardSize > 0 && file.Size == 0) // has no shard, so no entry
        || IsUnder(file.Name, statement.IgnorePaths)
        || IsUnder(file.Name, options.IgnorePaths);

    // A path that is not canonical ("/abs", "../z", ".") is not relative to the root and matches nothing.
    private static bool IsUnder(string name, ImmutableArray<string> paths)
    {
        foreach (string path in paths)
        {
            if (ResourceName.IsAtOrUnder(name, path) && ResourceName.Fault(path) is null)
            {
                return true;
            }
        }

        return false;
    }
}
