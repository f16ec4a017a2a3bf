using System.Security.Cryptography;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Bundles;

/// <summary>A bundle on disk: <c>content/</c> is what is signed, <c>signatures/</c> lies beside it.</summary>
internal sealed class BundleFolder
{
    private const int Readable = 0b110_100_100;

    // model.toml itself may have 1 MiB; its reader says so.
    private const int MaxManifestBytes = 2 << 20;

    private BundleFolder(string path)
    {
        Content = Path.Combine(path, "content");
        Signatures = Path.Combine(path, "signatures");
    }

    public string Content { get; }

    public string Signatures { get; }

    public string ManifestPath => Path.Combine(Content, ModelManifest.FileName);

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

    /// <summary>Every file below content/ in memory, with digests of those bytes; links and special files are refused.</summary>
    public ContentTree Read() => ContentTree.Read(Content, new ContentTreeLimits());

    /// <summary>Digests only, in constant memory: for a verdict, not for what is loaded afterwards.</summary>
    public HashedTree Hash() => HashedTree.Read(Content, new ContentTreeLimits());

    /// <summary>model.toml, the bytes that <paramref name="tree"/> has the digest of; empty when there is none.</summary>
    public byte[] Manifest(HashedTree tree)
    {
        TreeFile? entry = tree.Entries.FirstOrDefault(file => file.Name == ModelManifest.FileName);
        if (entry is null)
        {
            return [];
        }

        byte[] bytes = SafeFileRead.Read(ManifestPath, MaxManifestBytes);
        return SHA256.HashData(bytes).AsSpan().SequenceEqual(entry.Sha256.AsSpan())
            ? bytes
            : throw new CtlException($"{ManifestPath} changed while the bundle was read; try again");
    }

    /// <summary>model.toml as <paramref name="tree"/> holds it.</summary>
    public ReadOnlyMemory<byte> Manifest(ContentTree tree) =>
        tree.Find(ModelManifest.FileName)?.Bytes
        ?? throw new CtlException($"{Content} has no {ModelManifest.FileName}; 'edgectl bundle init' writes a first one");

    /// <summary>Every signature file, in order of their names.</summary>
    public IReadOnlyList<SignatureFile> SignatureFiles()
    {
        if (!Directory.Exists(Signatures))
        {
            return [];
        }

        string[] paths = [.. Directory.EnumerateFiles(Signatures, "*.sig").Take(SignatureFile.MaxCount + 1).Order(StringComparer.Ordinal)];
        return paths.Length <= SignatureFile.MaxCount
            ? [.. paths.Select(path => new SignatureFile(Path.GetFileName(path), SafeFileRead.Read(path, SignatureFile.MaxBytes)))]
            : throw new CtlException($"{Signatures} holds more than {SignatureFile.MaxCount} signatures; remove those that no longer count");
    }

    /// <summary>Writes the signature of the key with that digest; one of the same key is replaced.</summary>
    public string WriteSignature(ReadOnlySpan<byte> keyDigest, byte[] signature)
    {
        string path = Path.Combine(Signatures, SpkiDigest.SignatureFileName(keyDigest));
        Directory.CreateDirectory(Signatures);
        DurableFile.Write(path, signature, Readable);
        return path;
    }
}
