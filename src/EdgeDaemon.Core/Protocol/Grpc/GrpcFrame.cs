using System.Buffers.Binary;

namespace EdgeDaemon.Core.Protocol.Grpc;

/// <summary>The five bytes before every gRPC message: a flag, and the message's length, big-endian.</summary>
public static class GrpcFrame
{
    public const int PrefixSize = 5;

    /// <summary>The length of the message that follows.</summary>
    /// <exception cref="RefusedException">
    /// <see cref="Refusal.HeadEncodingUnsupported"/>: compressed. <see cref="Refusal.HeadFrameInvalid"/>: no flag that exists.
    /// <see cref="Refusal.BodyTooLarge"/>: more than <paramref name="limit"/> bytes.
    /// </exception>
    public static int ReadPrefix(ReadOnlySpan<byte> prefix, long limit)
    {
        if (prefix[0] == 1)
        {
            RefusedException.Throw(Refusal.HeadEncodingUnsupported, "a compressed gRPC message");
        }

        if (prefix[0] != 0)
        {
            RefusedException.Throw(Refusal.HeadFrameInvalid, $"a gRPC frame with flag {prefix[0]}");
        }

        uint length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        if (length > limit)
        {
            RefusedException.Throw(Refusal.BodyTooLarge, $"a gRPC message of {length} bytes is over max_body_bytes {limit}");
        }

        return (int)length;
    }

    public static void WritePrefix(Span<byte> prefix, int length)
    {
        prefix[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(prefix[1..], length);
    }
}
