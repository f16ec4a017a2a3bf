using EdgeDaemon.Core.Audit.Segments;

namespace EdgeDaemon.Audit;

/// <summary>A segment's file as the walk over its frames reads it.</summary>
/// <param name="name">Of the file, for messages.</param>
/// <param name="file">Its owner closes it.</param>
internal sealed class SpoolFileBytes(string name, ISpoolFile file) : ISegmentBytes
{
    public string Name => name;

    public long Length => file.Length;

    public int Read(long offset, Span<byte> into) => file.ReadAt(into, offset);
}
