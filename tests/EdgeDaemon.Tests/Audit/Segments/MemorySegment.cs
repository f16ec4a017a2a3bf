using EdgeDaemon.Core.Audit.Segments;

namespace EdgeDaemon.Tests.Audit.Segments;

/// <summary>A segment in memory, read in pieces of any size: a source may give less than it was asked for.</summary>
internal sealed class MemorySegment(string name, byte[] bytes, int piece = int.MaxValue) : ISegmentBytes
{
    public string Name => name;

    public long Length => bytes.Length;

    public int Read(long offset, Span<byte> into)
    {
        int count = (int)Math.Min(Math.Min(into.Length, piece), bytes.Length - offset);
        bytes.AsSpan((int)offset, Math.Max(count, 0)).CopyTo(into);
        return Math.Max(count, 0);
    }
}
