using System.Security.Cryptography;

namespace EdgeDaemon.Core.Bundles;

/// <summary>
/// The identity of a release: SHA-256 over the raw file digests in byte order of their UTF-8 names (design decision 6). It equals
/// OMS's root digest of a signature in specification order, but is recomputed here from the files, whatever order a signer listed.
/// </summary>
public static class ReleaseDigest
{
    public const int Bytes = 32;

    /// <summary>The 32 raw bytes over <paramref name="files"/>, given in any order.</summary>
    /// <exception cref="ArgumentException">No file, or two of one name.</exception>
    public static byte[] Compute(IEnumerable<TreeFile> files)
    {
        TreeFile[] ordered = [.. files.OrderBy(file => file.Name, Utf8Order.Instance)];
        if (ordered.Length == 0)
        {
            throw new ArgumentException("A release has at least one file.", nameof(files));
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int i = 0; i < ordered.Length; i++)
        {
            if (i > 0 && ordered[i].Name == ordered[i - 1].Name)
            {
                throw new ArgumentException($"Two files are named '{ordered[i].Name}'.", nameof(files));
            }

            hash.AppendData(ordered[i].Sha256.AsSpan());
        }

        return hash.GetHashAndReset();
    }

    /// <summary>The digest as it is written everywhere: 64 lower-case hex digits.</summary>
    public static string Hex(ReadOnlySpan<byte> digest) => Convert.ToHexStringLower(digest);
}
