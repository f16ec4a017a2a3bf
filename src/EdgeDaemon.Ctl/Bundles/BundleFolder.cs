using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Bundles;

/// <summary>A bundle on disk: <c>content/</c> is what is signed, <c>signatures/</c> lies beside it.</summary>
internal sealed class BundleFolder
{
    public const string ManifestName = "model.toml";

    private const int MaxManifestBytes = 1 << 20;
    private const int MaxSignatureBytes = 16 << 20;
    private const int MaxSignatures = 64;

    private BundleFolder(string path)
    {
        Content = Path.Combine(path, "content");
        Signatures = Path.Combine(path, "signatures");
    }

    public string Content { get; }

    public string Signatures { get; }

    public string ManifestPath => Path.Combine(Content, ManifestName);

    /// <exception cref="CtlException">No such folder, or no content/ in it.</exception>
    public static BundleFolder Open(string path)
    {
        var folder = new BundleFolder(path);
        return Directory.Exists(folder.Content)
            ? folder
            : throw new CtlException(Directory.Exists(path)
                ? $"{path} has no folder content/: put model.toml and the model's files there"
                : $"{path} is not a folder; a bundle is a folder with content/ in it");
    }

    /// <summary>Every file below content/ with size and digest; links and special files are refused.</summary>
    public IReadOnlyList<TreeFile> Files() => ContentTree.Hash(Content, new ContentTreeLimits());

    /// <summary>model.toml's bytes, which are those that <paramref name="files"/> has the digest of.</summary>
    public byte[] Manifest(IReadOnlyList<TreeFile> files)
    {
        TreeFile entry = files.FirstOrDefault(file => file.Name == ManifestName)
            ?? throw new CtlException($"{Content} has no model.toml; 'edgectl bundle init' writes a first one");
        byte[] bytes = SafeFileRead.Read(ManifestPath, MaxManifestBytes);
        return System.Security.Cryptography.SHA256.HashData(bytes).AsSpan().SequenceEqual(entry.Sha256.AsSpan())
            ? bytes
            : throw new CtlException($"{ManifestPath} changed while it was read; try again");
    }

    /// <summary>Name and bytes of every signature file, in order of their names.</summary>
    public IReadOnlyList<(string Name, byte[] Bytes)> SignatureFiles()
    {
        if (!Directory.Exists(Signatures))
        {
            return [];
        }

        string[] paths = [.. Directory.EnumerateFiles(Signatures, "*.sig").Take(MaxSignatures + 1).Order(StringComparer.Ordinal)];
        return paths.Length <= MaxSignatures
            ? [.. paths.Select(path => (Path.GetFileName(path), SafeFileRead.Read(path, MaxSignatureBytes)))]
            : throw new CtlException($"{Signatures} holds more than {MaxSignatures} signatures");
    }

    /// <summary>Writes the signature of the key with that digest; one of the same key is replaced.</summary>
    public string WriteSignature(ReadOnlySpan<byte> keyDigest, byte[] signature)
    {
        string path = Path.Combine(Signatures, SpkiDigest.SignatureFileName(keyDigest));
        Directory.CreateDirectory(Signatures);
        DurableFile.Write(path, signature, 0b110_100_100);
        return path;
    }
}
