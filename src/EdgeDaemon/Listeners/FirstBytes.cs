using System.Buffers;

namespace EdgeDaemon.Listeners;

/// <summary>Tells HTTP/2 from everything else by the 24 bytes that every HTTP/2 connection begins with (RFC 9113, 3.4).</summary>
internal static class FirstBytes
{
    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>Null while the bytes are a beginning of the preface and no more.</summary>
    public static Wire? Sort(in ReadOnlySequence<byte> bytes)
    {
        int compared = 0;
        foreach (ReadOnlyMemory<byte> segment in bytes)
        {
            ReadOnlySpan<byte> piece = segment.Span[..Math.Min(segment.Length, Preface.Length - compared)];
            if (!piece.SequenceEqual(Preface.Slice(compared, piece.Length)))
            {
                return Wire.Http1;
            }

            compared += piece.Length;
            if (compared == Preface.Length)
            {
                return Wire.Http2;
            }
        }

        return null;
    }
}
