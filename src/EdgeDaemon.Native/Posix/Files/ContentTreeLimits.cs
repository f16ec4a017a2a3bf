namespace EdgeDaemon.Native.Posix.Files;

/// <summary>Bounds of a content tree, checked before a byte of content is read.</summary>
public sealed record ContentTreeLimits
{
    /// <summary>Sum of the file sizes in bytes. Default 16 GiB: larger models do not serve from an edge device.</summary>
    public long MaxTotalBytes { get; init; } = 16L << 30;

    /// <summary>Files and folders together. Default 10,000: empty folders cost as much time to walk as files.</summary>
    public int MaxEntries { get; init; } = 10_000;

    /// <summary>Folders inside folders below the root; 0 for files in the root only. Default 16.</summary>
    public int MaxDepth { get; init; } = 16;
}
