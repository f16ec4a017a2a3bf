namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>The bytes of one segment, wherever they lie: a file, or memory. Read from the beginning to the end, in pieces.</summary>
public interface ISegmentBytes
{
    /// <summary>What reports call it: a file's name.</summary>
    string Name { get; }

    /// <summary>Bytes in all. The preallocated zeros at the end may be missing (a copy without them is no other log).</summary>
    long Length { get; }

    /// <summary>Reads from a place on; gives how many bytes it read: fewer than asked only at the end.</summary>
    int Read(long offset, Span<byte> into);

    /// <summary>Nothing more is read for now: what was opened may be closed. Another read opens it again.</summary>
    void Close()
    {
    }
}
