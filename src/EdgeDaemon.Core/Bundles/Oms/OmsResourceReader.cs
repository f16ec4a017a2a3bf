using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>The <c>resources</c> of a predicate: names, ranges, algorithms and digests, each in its one accepted spelling.</summary>
internal static class OmsResourceReader
{
    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    public static ImmutableArray<OmsResource> Read(OmsJson resources, long shardSize)
    {
        int count = resources.Element.GetArrayLength();
        if (count == 0)
        {
            throw new OmsException(OmsFault.ResourcesEmpty, $"{resources.Path} is empty: a model has at least one file");
        }

        // The specification writes the hash alone, Python's command the hash with the shard size.
        string sharded = $"{OmsNames.Sha256}-sharded-{shardSize}";
        var seen = new HashSet<string>(count, StringComparer.Ordinal);
        var read = ImmutableArray.CreateBuilder<OmsResource>(count);
        bool single = false;
        foreach (JsonElement element in resources.Element.EnumerateArray())
        {
            var resource = new OmsJson(element, $"{resources.Path}[{read.Count}]", OmsFault.StatementShape);
            if (element.ValueKind != JsonValueKind.Object)
            {
                throw resource.Wrong("an object");
            }

            string name = resource.Text("name");
            string algorithm = resource.Text("algorithm");
            if (algorithm != OmsNames.Sha256 && (shardSize == 0 || algorithm != sharded))
            {
                throw new OmsException(OmsFault.ResourceAlgorithm, $"{resource.Path}.algorithm is '{Printable.Of(algorithm)}', not the statement's hash");
            }

            ImmutableArray<byte> digest = [.. Digest(resource.Text("digest"), $"{resource.Path}.digest")];
            (string file, long start, long end) = shardSize == 0 ? (name, 0, 0) : Range(name, shardSize, resource.Path);
            single |= file == OmsNames.SingleFile;
            if (file != OmsNames.SingleFile && ResourceName.Fault(file) is string fault)
            {
                throw new OmsException(OmsFault.ResourceNameInvalid, $"{resource.Path}.name '{Printable.Of(name)}' {fault}");
            }

            // Two entries for one file: a reader that takes the last and one that takes the first would disagree.
            if (!seen.Add(name))
            {
                throw new OmsException(OmsFault.ResourceDuplicate, $"{resource.Path}.name '{Printable.Of(name)}' is listed twice");
            }

            read.Add(new OmsResource(file, start, end, digest));
        }

        // "." is Python's name for a model that is one file; beside other names it would be the folder.
        if (single && read.Any(resource => resource.File != OmsNames.SingleFile))
        {
            throw new OmsException(OmsFault.ResourceNameInvalid, $"{resources.Path} has the name '.' beside others");
        }

        return read.MoveToImmutable();
    }

    /// <summary>32 bytes from 64 lower-case hex digits: one spelling, as the schema has it.</summary>
    public static byte[] Digest(string hex, string path)
    {
        if (hex.Length != 64 || hex.AsSpan().ContainsAnyExcept(LowerHex))
        {
            throw new OmsException(OmsFault.ResourceDigest, $"{path} is not 64 lower-case hex digits");
        }

        return Convert.FromHexString(hex);
    }

    /// <summary><c>path:start:end</c>; the path may hold colons itself, so the last two count.</summary>
    private static (string File, long Start, long End) Range(string name, long shardSize, string path)
    {
        int second = name.LastIndexOf(':');
        int first = second > 0 ? name.LastIndexOf(':', second - 1) : -1;
        if (first < 0
            || !TryOffset(name.AsSpan(first + 1, second - first - 1), out long start)
            || !TryOffset(name.AsSpan(second + 1), out long end)
            || start % shardSize != 0 || end <= start || end - start > shardSize)
        {
            throw new OmsException(OmsFault.ShardRangeInvalid, $"{path}.name '{Printable.Of(name)}' is not path:start:end within one shard of {shardSize} bytes");
        }

        return (name[..first], start, end);
    }

    // Decimal without sign or leading zero: "0:10" and "00:10" must not be two names for one shard.
    private static bool TryOffset(ReadOnlySpan<char> text, out long offset)
    {
        offset = 0;
        return text.Length is > 0 and <= 18 && !text.ContainsAnyExceptInRange('0', '9') && (text[0] != '0' || text.Length == 1)
            && long.TryParse(text, out offset);
    }
}
