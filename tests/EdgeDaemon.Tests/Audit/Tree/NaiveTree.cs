using System.Security.Cryptography;

namespace EdgeDaemon.Tests.Audit.Tree;

/// <summary>RFC 6962 section 2.1 as it is printed: recursive, over all leaves, without any cleverness. Shares no code with what it judges.</summary>
internal static class NaiveTree
{
    public static byte[] LeafHash(byte[] data) => SHA256.HashData(new byte[] { 0 }.Concat(data).ToArray());

    public static byte[] Root(IReadOnlyList<byte[]> hashes) => hashes.Count switch
    {
        0 => SHA256.HashData(Array.Empty<byte>()),
        1 => hashes[0],
        _ => Node(Root(hashes.Take(Split(hashes.Count)).ToList()), Root(hashes.Skip(Split(hashes.Count)).ToList())),
    };

    /// <summary>PATH(m, D[n]).</summary>
    public static List<byte[]> Path(int m, IReadOnlyList<byte[]> d)
    {
        if (d.Count == 1)
        {
            return [];
        }

        int k = Split(d.Count);
        return m < k
            ? [.. Path(m, d.Take(k).ToList()), Root(d.Skip(k).ToList())]
            : [.. Path(m - k, d.Skip(k).ToList()), Root(d.Take(k).ToList())];
    }

    /// <summary>PROOF(m, D[n]).</summary>
    public static List<byte[]> Proof(int m, IReadOnlyList<byte[]> d) => SubProof(m, d, true);

    private static List<byte[]> SubProof(int m, IReadOnlyList<byte[]> d, bool whole)
    {
        if (m == d.Count)
        {
            return whole ? [] : [Root(d)];
        }

        int k = Split(d.Count);
        return m <= k
            ? [.. SubProof(m, d.Take(k).ToList(), whole), Root(d.Skip(k).ToList())]
            : [.. SubProof(m - k, d.Skip(k).ToList(), false), Root(d.Take(k).ToList())];
    }

    private static byte[] Node(byte[] left, byte[] right) => SHA256.HashData(new byte[] { 1 }.Concat(left).Concat(right).ToArray());

    private static int Split(int n)
    {
        int k = 1;
        while (k * 2 < n)
        {
            k *= 2;
        }

        return k;
    }
}
