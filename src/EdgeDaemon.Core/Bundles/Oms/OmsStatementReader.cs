using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>
/// in-toto Statement v1 with OMS's predicate. Signed is not sane: a signer's tool may be old, wrong or attacked, so every name and
/// number is checked before it is compared with a file.
/// </summary>
internal static class OmsStatementReader
{
    public static OmsStatement Read(ReadOnlyMemory<byte> payload)
    {
        using JsonDocument document = StrictJson.Parse(payload, "the signed statement");
        var statement = new OmsJson(document.RootElement, "statement", OmsFault.StatementShape);
        if (statement.Element.ValueKind != JsonValueKind.Object)
        {
            throw statement.Wrong("an object");
        }

        Exactly(statement, "_type", OmsNames.StatementType, OmsFault.StatementTypeUnknown);
        Exactly(statement, "predicateType", OmsNames.PredicateType, OmsFault.PredicateTypeUnknown);
        (string subject, byte[] claimedRoot) = ReadSubject(statement);

        OmsJson predicate = statement.Object("predicate");
        OnlyKnown(predicate, ["serialization", "resources"]);
        OmsJson serialization = predicate.Object("serialization");
        long shardSize = ReadSerialization(serialization);
        ImmutableArray<string> ignorePaths = ReadIgnorePaths(serialization);
        ImmutableArray<OmsResource> resources = OmsResourceReader.Read(predicate.Array("resources"), shardSize);

        byte[] root = RootDigest(resources);
        if (!root.AsSpan().SequenceEqual(claimedRoot))
        {
            throw new OmsException(
                OmsFault.RootDigestMismatch,
                $"the listed digests give root {Convert.ToHexStringLower(root)}, the subject says {Convert.ToHexStringLower(claimedRoot)}");
        }

        return new OmsStatement(subject, root, shardSize, resources, ignorePaths);
    }

    private static (string Name, byte[] Digest) ReadSubject(OmsJson statement)
    {
        OmsJson subjects = statement.Array("subject");
        if (subjects.Element.GetArrayLength() != 1)
        {
            throw new OmsException(OmsFault.SubjectCount, $"{subjects.Path} has {subjects.Element.GetArrayLength()} entries, not one");
        }

        OmsJson subject = subjects.ObjectAt(0);
        string name = subject.Text("name");
        if (name.Length == 0)
        {
            throw subject.Wrong("named");
        }

        OmsJson digests = subject.Object("digest");
        return (name, OmsResourceReader.Digest(digests.Text(OmsNames.Sha256), $"{digests.Path}.sha256"));
    }

    /// <summary>The shard size; 0 for method files.</summary>
    private static long ReadSerialization(OmsJson serialization)
    {
        OnlyKnown(serialization, ["method", "hash_type", "allow_symlinks", "shard_size", "ignore_paths"]);
        string method = serialization.Text("method");
        if (method is not (OmsNames.Files or OmsNames.Shards))
        {
            throw new OmsException(OmsFault.SerializationMethodUnknown, $"{serialization.Path}.method is '{Printable.Of(method)}', not 'files' or 'shards'");
        }

        string hash = serialization.Text("hash_type");
        if (hash != OmsNames.Sha256)
        {
            throw new OmsException(OmsFault.HashUnsupported, $"{serialization.Path}.hash_type is '{Printable.Of(hash)}'; only 'sha256' is accepted");
        }

        // A signer that followed links signed bytes from outside the tree; our trees hold no links at all.
        if (!serialization.Element.TryGetProperty("allow_symlinks", out JsonElement links) || links.ValueKind != JsonValueKind.False)
        {
            throw new OmsException(OmsFault.SymlinksAllowed, $"{serialization.Path}.allow_symlinks is not false");
        }

        bool given = serialization.Element.TryGetProperty("shard_size", out JsonElement size);
        if (given != (method == OmsNames.Shards))
        {
            throw new OmsException(OmsFault.ShardSizeInvalid, $"{serialization.Path}.shard_size belongs to method 'shards', and only there");
        }

        return given ? ShardSize(size, serialization.Path) : 0;
    }

    /// <summary>A positive whole number below 10^18, as 1000 or, as Python's command writes it, 1000.0.</summary>
    private static long ShardSize(JsonElement size, string path)
    {
        ReadOnlySpan<char> text = size.ValueKind == JsonValueKind.Number ? size.GetRawText() : "";
        int point = text.IndexOf('.');
        if (point > 0 && text[(point + 1)..].Trim('0').IsEmpty)
        {
            text = text[..point];
        }

        if (text.IsEmpty || text.Length > 18 || text.ContainsAnyExceptInRange('0', '9') || text is "0")
        {
            throw new OmsException(OmsFault.ShardSizeInvalid, $"{path}.shard_size is not a positive whole number below 10^18");
        }

        return long.Parse(text);
    }

    private static ImmutableArray<string> ReadIgnorePaths(OmsJson serialization)
    {
        // Absent before 1.1.
        if (!serialization.Has("ignore_paths"))
        {
            return [];
        }

        OmsJson paths = serialization.Array("ignore_paths");
        var read = ImmutableArray.CreateBuilder<string>(paths.Element.GetArrayLength());
        foreach (JsonElement path in paths.Element.EnumerateArray())
        {
            read.Add(path.ValueKind == JsonValueKind.String ? path.GetString()! : throw paths.Wrong("an array of strings"));
        }

        return read.MoveToImmutable();
    }

    private static byte[] RootDigest(ImmutableArray<OmsResource> resources)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (OmsResource resource in resources)
        {
            hash.AppendData(resource.Sha256.AsSpan());
        }

        return hash.GetHashAndReset();
    }

    private static void Exactly(OmsJson element, string name, string expected, OmsFault fault)
    {
        string given = element.Text(name);
        if (given != expected)
        {
            throw new OmsException(fault, $"{element.Path}.{name} is '{Printable.Of(given)}', not '{expected}'");
        }
    }

    // Here alone: a member that OMS's schema does not have could change what was meant to be signed.
    private static void OnlyKnown(OmsJson element, ReadOnlySpan<string> known)
    {
        foreach (JsonProperty property in element.Element.EnumerateObject())
        {
            if (!known.Contains(property.Name))
            {
                throw new OmsException(OmsFault.StatementShape, $"{element.Path} has the unknown member '{Printable.Of(property.Name)}'");
            }
        }
    }
}
