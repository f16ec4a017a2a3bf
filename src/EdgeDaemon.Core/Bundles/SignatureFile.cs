namespace EdgeDaemon.Core.Bundles;

/// <summary>One file of <c>signatures/</c>: its name, for messages, and its bytes.</summary>
public sealed record SignatureFile(string Name, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>A tree of 10,000 files with long names is signed in less.</summary>
    public const int MaxBytes = 16 << 20;

    /// <summary>More than any threshold asks for.</summary>
    public const int MaxCount = 64;
}
