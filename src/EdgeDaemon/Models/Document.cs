using System.Buffers;

namespace EdgeDaemon.Models;

/// <summary>A document that is written once and sent many times.</summary>
internal static class Document
{
    public static byte[] Of(Action<IBufferWriter<byte>> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        write(buffer);
        return buffer.WrittenSpan.ToArray();
    }
}
