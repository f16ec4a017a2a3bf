using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Native.Posix.Files;

/// <summary>One file of a <see cref="ContentTree"/>, which owns the bytes: native memory, aligned to 64, valid until the tree is disposed.</summary>
public sealed class ContentFile
{
    internal ContentFile(TreeFile entry, ReadOnlyMemory<byte> bytes)
    {
        Entry = entry;
        Bytes = bytes;
    }

    public string Name => Entry.Name;

    /// <summary>The bytes that <see cref="Entry"/>'s digest was computed from.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    public TreeFile Entry { get; }
}
