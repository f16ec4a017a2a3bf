using System.Buffers;

namespace EdgeDaemon.Core.Protocol.Grpc;

/// <summary>Where the data of one tensor go as they arrive: the daemon's tensor memory, or a test's array.</summary>
public interface ITensorMemory : IBufferWriter<byte>
{
    /// <summary>What has been written, to be changed in place.</summary>
    Span<byte> Written { get; }

    /// <summary>Forgets everything behind the first <paramref name="count"/> bytes.</summary>
    void Truncate(int count);
}
