namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>
/// How long texts are at most. Those of a request are of any length, and one of them may be all that it brings: they are counted by how often it stands there.
/// </summary>
/// <param name="Letters">Bytes that come of the file, in the longest element.</param>
/// <param name="Quotes">How often all texts of the request may stand in one element.</param>
/// <param name="Quoted">How often they may stand in all elements together.</param>
internal sealed record TextSize(long Letters, long Quotes, long Quoted)
{
    /// <summary>Bytes that a text takes in memory beside its letters.</summary>
    public const long Each = 32;

    /// <summary>What the texts of a request count as, where they are added to what else is held.</summary>
    public const long OfRequest = 1L << 20;

    /// <summary>Texts as a request brings them.</summary>
    public static readonly TextSize Brought = new(0, 1, 1);
}
