using System.Security.Cryptography;

namespace EdgeDaemon.Core.Audit.Tree;

/// <summary>Many messages side by side (<see cref="ParallelSha256"/>), a single one by the framework: needs nothing but managed code.</summary>
internal sealed class LaneHasher : TreeHasher
{
    private const int NodeBytes = 1 + (2 * TreeHash.Length);

    // So many lie on the stack at once: a multiple of the lanes, so that none runs empty.
    private const int Most = 64;

    public override void Hash(ReadOnlySpan<byte> memory, ReadOnlySpan<HashedRange> messages, Span<byte> digests) => ParallelSha256.Hash(memory, messages, digests);

    public override void Hash(ReadOnlySpan<byte> message, Span<byte> digest) => SHA256.HashData(message, digest);

    public override void Nodes(ReadOnlySpan<byte> pairs, Span<byte> nodes)
    {
        Span<byte> messages = stackalloc byte[Most * NodeBytes];
        Span<HashedRange> ranges = stackalloc HashedRange[Most];
        for (int left = pairs.Length / (2 * TreeHash.Length); left > 0;)
        {
            int count = Math.Min(left, Most);
            for (int pair = 0; pair < count; pair++)
            {
                Span<byte> node = messages.Slice(pair * NodeBytes, NodeBytes);
                node[0] = TreeHash.NodePrefix;
                pairs.Slice(pair * 2 * TreeHash.Length, 2 * TreeHash.Length).CopyTo(node[1..]);
                ranges[pair] = new HashedRange(pair * NodeBytes, NodeBytes);
            }

            ParallelSha256.Hash(messages, ranges[..count], nodes);
            pairs = pairs[(count * 2 * TreeHash.Length)..];
            nodes = nodes[(count * TreeHash.Length)..];
            left -= count;
        }
    }
}
